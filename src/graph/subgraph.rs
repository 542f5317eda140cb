//! Interface of the graph for algorithms: petgraph's traits for a part of a view.
//!
//! A subgraph borrows the snapshot and copies nothing. Its nodes are all entities. Its edges are those of the chosen
//! relations in the chosen direction, as far as the view shows them and they do not lead to an excluded entity.

use petgraph::Direction as Way;
use petgraph::data::DataMap;
use petgraph::visit::{
    Data, EdgeRef, GraphBase, GraphProp, IntoEdgeReferences, IntoEdges, IntoEdgesDirected, IntoNeighbors,
    IntoNeighborsDirected, IntoNodeIdentifiers, NodeCompactIndexable, NodeCount, NodeIndexable, Visitable,
};

use super::adjacency::Starts;
use super::{EdgeNo, EntityNo, Row, Snapshot, View};
use crate::ontology::{Direction, RelationId, TypeId};

/// A part of a view as a directed graph.
#[derive(Debug, Clone)]
pub struct Subgraph<'a> {
    view: View<'a>,
    /// For each type: its relations and the directions to walk them, outgoing and incoming.
    sides: Vec<[Vec<(RelationId, Direction)>; 2]>,
    left_out: Option<EntitySet>,
}

impl<'a> View<'a> {
    /// Chosen relations in a chosen direction; `Both` walks every edge in both directions.
    pub fn over(&self, relations: &[RelationId], direction: Direction) -> Subgraph<'a> {
        Subgraph::of(*self, relations, direction)
    }
}

impl<'a> Subgraph<'a> {
    fn of(view: View<'a>, relations: &[RelationId], direction: Direction) -> Self {
        let snapshot = view.snapshot();
        let back = direction.turned();
        let sides = |type_no: usize, direction: Direction| {
            let all = relations.iter().flat_map(|relation| {
                let ways = snapshot.ways(*relation, direction);
                ways.iter().map(|way| (*relation, *way))
            });
            all.filter(|(relation, way)| snapshot.has_edges(type_no, *relation, *way))
                .collect()
        };
        let types = 0..snapshot.tables.len();
        Subgraph {
            view,
            sides: types.map(|it| [sides(it, direction), sides(it, back)]).collect(),
            left_out: None,
        }
    }
}

impl Snapshot {
    fn ways(&self, relation: RelationId, direction: Direction) -> &'static [Direction] {
        if self.ontology().relation(relation).symmetric {
            return &[Direction::Both];
        }
        match direction {
            Direction::Out => &[Direction::Out],
            Direction::In => &[Direction::In],
            Direction::Both => &[Direction::Out, Direction::In],
        }
    }

    /// Whether entities of a type may have edges of a relation in a direction.
    fn has_edges(&self, type_no: usize, relation: RelationId, direction: Direction) -> bool {
        let adjacency = self.adjacency(relation, direction);
        adjacency.starts.get(type_no).is_some()
    }
}

impl Subgraph<'_> {
    /// Excludes entities, with all their edges.
    #[must_use]
    pub fn without(self, left_out: Option<EntitySet>) -> Self {
        Self { left_out, ..self }
    }

    /// Whether an entity is excluded or hidden.
    pub fn leaves_out(&self, entity: EntityNo) -> bool {
        self.view.hides(entity) || self.left_out.as_ref().is_some_and(|it| it.has(entity))
    }
}

/// A position among the outgoing edges of an entity.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    side: u32,
    edge: u32,
}

/// An edge of a subgraph, in the direction of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeReference {
    source: EntityNo,
    target: EntityNo,
    id: (RelationId, EdgeNo),
    direction: Direction,
}

impl EdgeReference {
    /// An edge from one entity to another, in the direction of the walk.
    pub fn new(source: EntityNo, target: EntityNo, id: (RelationId, EdgeNo), direction: Direction) -> Self {
        Self {
            source,
            target,
            id,
            direction,
        }
    }

    /// The same edge in the opposite direction.
    #[must_use]
    pub fn turned(self) -> Self {
        Self {
            source: self.target,
            target: self.source,
            id: self.id,
            direction: self.direction.turned(),
        }
    }

    /// The direction in which the relation is walked.
    pub fn direction(&self) -> Direction {
        self.direction
    }
}

impl EdgeRef for EdgeReference {
    type NodeId = EntityNo;
    type EdgeId = (RelationId, EdgeNo);
    type Weight = ();

    fn source(&self) -> EntityNo {
        self.source
    }

    fn target(&self) -> EntityNo {
        self.target
    }

    fn weight(&self) -> &() {
        &()
    }

    fn id(&self) -> (RelationId, EdgeNo) {
        self.id
    }
}

impl Subgraph<'_> {
    /// The outgoing or incoming edges of an entity. Each leads from `source` to `target` in the direction of the walk.
    pub fn edges_of(&self, entity: EntityNo, way: Way) -> impl Iterator<Item = EdgeReference> {
        let row = self.view.locate(entity);
        let sides = match way {
            Way::Outgoing => &self.sides[row.type_id.index()][0],
            Way::Incoming => &self.sides[row.type_id.index()][1],
        };
        let kept = move |it: &EdgeReference| {
            let (other, direction) = match way {
                Way::Outgoing => (it.target, it.direction),
                Way::Incoming => (it.source, it.direction.turned()),
            };
            !self.leaves_out(other) && self.view.sees(row, (it.id.0, direction), (other, it.id.1))
        };
        let all = sides.iter().flat_map(move |(relation, direction)| {
            let neighbours = self.view.stored_neighbours(row, *relation, *direction);
            neighbours.iter().map(move |(other, edge)| {
                let (source, target, direction) = match way {
                    Way::Outgoing => (entity, other, *direction),
                    Way::Incoming => (other, entity, direction.turned()),
                };
                EdgeReference {
                    source,
                    target,
                    id: (*relation, edge),
                    direction,
                }
            })
        });
        let nothing = self.leaves_out(entity);
        all.filter(kept).take_while(move |_| !nothing)
    }

    /// Visits the edges of all entities, type by type and relation by relation, without a lookup for each entity. `take` gets
    /// an entity and entities that it leads to or, for incoming edges, that lead to it. It may get an entity several times;
    /// the entities of one call are in the order of [`Self::edges_of`]. Skips types for which `of_type` is false.
    pub fn each_row<E>(
        &self,
        way: Way,
        of_type: impl Fn(TypeId) -> bool,
        mut take: impl FnMut(EntityNo, &[EntityNo]) -> Result<(), E>,
    ) -> Result<(), E> {
        let snapshot = self.view.snapshot();
        for (type_no, sides) in self.sides.iter().enumerate() {
            let type_id = TypeId::at(type_no);
            if !of_type(type_id) {
                continue;
            }
            let sides = match way {
                Way::Outgoing => &sides[0],
                Way::Incoming => &sides[1],
            };
            for (relation, direction) in sides {
                let adjacency = snapshot.adjacency(*relation, *direction);
                let Some(starts) = adjacency.starts.get(type_no) else {
                    continue;
                };
                let sees_all = self.view.sees_all(*relation);
                for (row, range) in starts.iter() {
                    let row = Row {
                        type_id,
                        row: row as usize,
                    };
                    let entity = snapshot.number(row);
                    let all: &[EntityNo] = bytemuck::cast_slice(&adjacency.targets[range]);
                    let is_kept = |it: &EntityNo| self.left_out.as_ref().is_none_or(|set| !set.has(*it));
                    // Most entities are left whole, even if some others are left out.
                    if sees_all && is_kept(&entity) && all.iter().all(is_kept) {
                        take(entity, all)?;
                        continue;
                    }
                    if self.leaves_out(entity) {
                        continue;
                    }
                    // The rest of the others, a few at a time, so that no list is needed.
                    let mut kept = [EntityNo::default(); 32];
                    let neighbours = adjacency.of(type_no, row.row);
                    for begin in (0..neighbours.len()).step_by(kept.len()) {
                        let mut count = 0;
                        for at in begin..neighbours.len().min(begin + kept.len()) {
                            let (other, edge) = neighbours.get(at);
                            kept[count] = other;
                            let is_kept = !self.leaves_out(other)
                                && (sees_all || self.view.sees(row, (*relation, *direction), (other, edge)));
                            count += usize::from(is_kept);
                        }
                        if count > 0 {
                            take(entity, &kept[..count])?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Goes through the entities as [`Self::each_row`] does, and gives the number of edges of each that are stored: no
    /// fewer than [`Self::each_row`] gives. Reads no edge.
    pub fn each_count<E>(
        &self,
        way: Way,
        of_type: impl Fn(TypeId) -> bool,
        mut take: impl FnMut(EntityNo, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let snapshot = self.view.snapshot();
        for (type_no, sides) in self.sides.iter().enumerate() {
            let type_id = TypeId::at(type_no);
            if !of_type(type_id) {
                continue;
            }
            let sides = match way {
                Way::Outgoing => &sides[0],
                Way::Incoming => &sides[1],
            };
            for (relation, direction) in sides {
                let starts = snapshot.adjacency(*relation, *direction).starts.get(type_no);
                for (row, range) in starts.into_iter().flat_map(Starts::iter) {
                    let row = row as usize;
                    take(snapshot.number(Row { type_id, row }), range.len())?;
                }
            }
        }
        Ok(())
    }

    /// Whether entities of a type can have edges that come in.
    pub fn is_reached(&self, type_id: TypeId) -> bool {
        !self.sides[type_id.index()][1].is_empty()
    }

    /// The entity that the next edge leads to, in the order of [`Self::edges_of`]. `place` says how far one is among the
    /// edges that leave the entity, so that a search can turn to another entity and come back.
    pub fn next_target(&self, entity: EntityNo, place: &mut Place) -> Option<EntityNo> {
        if self.leaves_out(entity) {
            return None;
        }
        let row = self.view.locate(entity);
        let sides = &self.sides[row.type_id.index()][0];
        while let Some((relation, direction)) = sides.get(place.side as usize) {
            let neighbours = self.view.stored_neighbours(row, *relation, *direction);
            while (place.edge as usize) < neighbours.len() {
                let (target, edge) = neighbours.get(place.edge as usize);
                place.edge += 1;
                if !self.leaves_out(target) && self.view.sees(row, (*relation, *direction), (target, edge)) {
                    return Some(target);
                }
            }
            *place = Place {
                side: place.side + 1,
                edge: 0,
            };
        }
        None
    }
}

impl GraphBase for Subgraph<'_> {
    type NodeId = EntityNo;
    type EdgeId = (RelationId, EdgeNo);
}

impl Data for Subgraph<'_> {
    type NodeWeight = ();
    type EdgeWeight = ();
}

impl DataMap for Subgraph<'_> {
    fn node_weight(&self, id: EntityNo) -> Option<&()> {
        ((id.0 as usize) < self.node_count()).then_some(&())
    }

    fn edge_weight(&self, _: (RelationId, EdgeNo)) -> Option<&()> {
        Some(&())
    }
}

impl GraphProp for Subgraph<'_> {
    type EdgeType = petgraph::Directed;
}

impl NodeCount for Subgraph<'_> {
    fn node_count(&self) -> usize {
        self.view.snapshot().bases.last().copied().unwrap_or(0) as usize
    }
}

impl NodeIndexable for Subgraph<'_> {
    fn node_bound(&self) -> usize {
        self.node_count()
    }

    fn to_index(&self, entity: EntityNo) -> usize {
        entity.0 as usize
    }

    fn from_index(&self, index: usize) -> EntityNo {
        EntityNo(index as u32)
    }
}

impl NodeCompactIndexable for Subgraph<'_> {}

impl Visitable for Subgraph<'_> {
    type Map = EntitySet;

    fn visit_map(&self) -> Self::Map {
        EntitySet(fixedbitset::FixedBitSet::with_capacity(self.node_count()))
    }

    fn reset_map(&self, map: &mut Self::Map) {
        map.0.clear();
        map.0.grow(self.node_count());
    }
}

impl petgraph::visit::VisitMap<EntityNo> for EntitySet {
    fn visit(&mut self, entity: EntityNo) -> bool {
        self.add(entity)
    }

    fn is_visited(&self, entity: &EntityNo) -> bool {
        self.has(*entity)
    }

    fn unvisit(&mut self, entity: EntityNo) -> bool {
        let visited = self.0.contains(entity.0 as usize);
        self.0.set(entity.0 as usize, false);
        visited
    }
}

/// A set of entities of a snapshot, as bits.
#[derive(Debug, Clone, Default)]
pub struct EntitySet(fixedbitset::FixedBitSet);

impl EntitySet {
    /// An empty set of a snapshot's entities.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self(fixedbitset::FixedBitSet::with_capacity(
            snapshot.counts().entities,
        ))
    }

    /// Inserts an entity. Returns whether it is new.
    #[inline]
    pub fn add(&mut self, entity: EntityNo) -> bool {
        !self.0.put(entity.0 as usize)
    }

    /// Inserts all entities of a type.
    pub fn add_type(&mut self, snapshot: &Snapshot, type_id: TypeId) {
        let range = snapshot.range(type_id);
        self.0.insert_range(range.start as usize..range.end as usize);
    }

    /// Whether the set contains an entity.
    #[inline]
    pub fn has(&self, entity: EntityNo) -> bool {
        self.0.contains(entity.0 as usize)
    }

    /// Number of entities. Takes time linear in the size of the graph.
    pub fn len(&self) -> usize {
        self.0.count_ones(..)
    }

    /// Whether the set has no entity.
    pub fn is_empty(&self) -> bool {
        self.0.is_clear()
    }

    /// All entities of the set, by slot.
    pub fn iter(&self) -> impl Iterator<Item = EntityNo> {
        self.0.ones().map(|it| EntityNo(it as u32))
    }
}

impl<'a> IntoNeighbors for &'a Subgraph<'_> {
    type Neighbors = Box<dyn Iterator<Item = EntityNo> + 'a>;

    fn neighbors(self, entity: EntityNo) -> Self::Neighbors {
        Box::new(self.edges_of(entity, Way::Outgoing).map(|it| it.target))
    }
}

impl<'a> IntoNeighborsDirected for &'a Subgraph<'_> {
    type NeighborsDirected = Box<dyn Iterator<Item = EntityNo> + 'a>;

    fn neighbors_directed(self, entity: EntityNo, way: Way) -> Self::NeighborsDirected {
        let other = move |it: EdgeReference| match way {
            Way::Outgoing => it.target,
            Way::Incoming => it.source,
        };
        Box::new(self.edges_of(entity, way).map(other))
    }
}

impl<'a> IntoEdgeReferences for &'a Subgraph<'_> {
    type EdgeRef = EdgeReference;
    type EdgeReferences = Box<dyn Iterator<Item = EdgeReference> + 'a>;

    fn edge_references(self) -> Self::EdgeReferences {
        Box::new(
            self.node_identifiers()
                .flat_map(|it| self.edges_of(it, Way::Outgoing)),
        )
    }
}

impl<'a> IntoEdges for &'a Subgraph<'_> {
    type Edges = Box<dyn Iterator<Item = EdgeReference> + 'a>;

    fn edges(self, entity: EntityNo) -> Self::Edges {
        Box::new(self.edges_of(entity, Way::Outgoing))
    }
}

impl<'a> IntoEdgesDirected for &'a Subgraph<'_> {
    type EdgesDirected = Box<dyn Iterator<Item = EdgeReference> + 'a>;

    fn edges_directed(self, entity: EntityNo, way: Way) -> Self::EdgesDirected {
        Box::new(self.edges_of(entity, way))
    }
}

impl<'a> IntoNodeIdentifiers for &'a Subgraph<'_> {
    type NodeIdentifiers = Box<dyn Iterator<Item = EntityNo> + 'a>;

    fn node_identifiers(self) -> Self::NodeIdentifiers {
        Box::new((0..self.node_count() as u32).map(EntityNo))
    }
}
