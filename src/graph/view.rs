//! The graph's face to algorithms: petgraph's traits on a snapshot, or on some of its relations.
//!
//! A view borrows the snapshot and copies nothing. Its nodes are all entities; its edges are those of the
//! chosen relations, walked in the chosen direction.

use petgraph::Direction as Way;
use petgraph::data::DataMap;
use petgraph::visit::{
    Data, EdgeRef, GraphBase, GraphProp, IntoEdgeReferences, IntoEdges, IntoEdgesDirected, IntoNeighbors,
    IntoNeighborsDirected, IntoNodeIdentifiers, NodeCompactIndexable, NodeCount, NodeIndexable, Visitable,
};

use super::{EdgeNo, EntityNo, Snapshot};
use crate::ontology::{Direction, RelationId};

/// Some relations of a snapshot as a directed graph.
#[derive(Debug, Clone)]
pub struct View<'a> {
    snapshot: &'a Snapshot,
    relations: Vec<RelationId>,
    direction: Direction,
}

impl Snapshot {
    /// All relations, from where edges begin to where they end.
    pub fn view(&self) -> View<'_> {
        self.view_of(self.ontology().relation_ids().collect(), Direction::Out)
    }

    /// Chosen relations in a chosen direction; `Both` walks every edge both ways.
    pub fn view_of(&self, relations: Vec<RelationId>, direction: Direction) -> View<'_> {
        View {
            snapshot: self,
            relations,
            direction,
        }
    }
}

/// An edge of a view, in the direction that it is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeReference {
    source: EntityNo,
    target: EntityNo,
    id: (RelationId, EdgeNo),
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

impl View<'_> {
    fn ways(&self, relation: RelationId, direction: Direction) -> &'static [Direction] {
        if self.snapshot.ontology().relation(relation).symmetric {
            return &[Direction::Both];
        }
        match direction {
            Direction::Out => &[Direction::Out],
            Direction::In => &[Direction::In],
            Direction::Both => &[Direction::Out, Direction::In],
        }
    }

    fn turned(&self, way: Way) -> Direction {
        match (self.direction, way) {
            (direction, Way::Outgoing) => direction,
            (Direction::Out, Way::Incoming) => Direction::In,
            (Direction::In, Way::Incoming) => Direction::Out,
            (Direction::Both, Way::Incoming) => Direction::Both,
        }
    }

    fn edges_of(&self, entity: EntityNo, way: Way) -> impl Iterator<Item = EdgeReference> {
        let row = self.snapshot.locate(entity);
        let direction = self.turned(way);
        self.relations.iter().flat_map(move |relation| {
            self.ways(*relation, direction).iter().flat_map(move |it| {
                let neighbours = self.snapshot.neighbours(row, *relation, *it);
                neighbours.iter().map(move |(other, edge)| {
                    let (source, target) = match way {
                        Way::Outgoing => (entity, other),
                        Way::Incoming => (other, entity),
                    };
                    EdgeReference {
                        source,
                        target,
                        id: (*relation, edge),
                    }
                })
            })
        })
    }
}

impl GraphBase for View<'_> {
    type NodeId = EntityNo;
    type EdgeId = (RelationId, EdgeNo);
}

impl Data for View<'_> {
    type NodeWeight = ();
    type EdgeWeight = ();
}

impl DataMap for View<'_> {
    fn node_weight(&self, id: EntityNo) -> Option<&()> {
        ((id.0 as usize) < self.node_count()).then_some(&())
    }

    fn edge_weight(&self, _: (RelationId, EdgeNo)) -> Option<&()> {
        Some(&())
    }
}

impl GraphProp for View<'_> {
    type EdgeType = petgraph::Directed;
}

impl NodeCount for View<'_> {
    fn node_count(&self) -> usize {
        self.snapshot.bases.last().copied().unwrap_or(0) as usize
    }
}

impl NodeIndexable for View<'_> {
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

impl NodeCompactIndexable for View<'_> {}

impl Visitable for View<'_> {
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
        !self.0.put(entity.0 as usize)
    }

    fn is_visited(&self, entity: &EntityNo) -> bool {
        self.0.contains(entity.0 as usize)
    }

    fn unvisit(&mut self, entity: EntityNo) -> bool {
        let visited = self.0.contains(entity.0 as usize);
        self.0.set(entity.0 as usize, false);
        visited
    }
}

/// A set of entities of one snapshot, a bit each.
#[derive(Debug, Clone, Default)]
pub struct EntitySet(fixedbitset::FixedBitSet);

impl<'a> IntoNeighbors for &'a View<'_> {
    type Neighbors = Box<dyn Iterator<Item = EntityNo> + 'a>;

    fn neighbors(self, entity: EntityNo) -> Self::Neighbors {
        Box::new(self.edges_of(entity, Way::Outgoing).map(|it| it.target))
    }
}

impl<'a> IntoNeighborsDirected for &'a View<'_> {
    type NeighborsDirected = Box<dyn Iterator<Item = EntityNo> + 'a>;

    fn neighbors_directed(self, entity: EntityNo, way: Way) -> Self::NeighborsDirected {
        let other = move |it: EdgeReference| match way {
            Way::Outgoing => it.target,
            Way::Incoming => it.source,
        };
        Box::new(self.edges_of(entity, way).map(other))
    }
}

impl<'a> IntoEdgeReferences for &'a View<'_> {
    type EdgeRef = EdgeReference;
    type EdgeReferences = Box<dyn Iterator<Item = EdgeReference> + 'a>;

    fn edge_references(self) -> Self::EdgeReferences {
        Box::new(
            self.node_identifiers()
                .flat_map(|it| self.edges_of(it, Way::Outgoing)),
        )
    }
}

impl<'a> IntoEdges for &'a View<'_> {
    type Edges = Box<dyn Iterator<Item = EdgeReference> + 'a>;

    fn edges(self, entity: EntityNo) -> Self::Edges {
        Box::new(self.edges_of(entity, Way::Outgoing))
    }
}

impl<'a> IntoEdgesDirected for &'a View<'_> {
    type EdgesDirected = Box<dyn Iterator<Item = EdgeReference> + 'a>;

    fn edges_directed(self, entity: EntityNo, way: Way) -> Self::EdgesDirected {
        Box::new(self.edges_of(entity, way))
    }
}

impl<'a> IntoNodeIdentifiers for &'a View<'_> {
    type NodeIdentifiers = Box<dyn Iterator<Item = EntityNo> + 'a>;

    fn node_identifiers(self) -> Self::NodeIdentifiers {
        Box::new((0..self.node_count() as u32).map(EntityNo))
    }
}
