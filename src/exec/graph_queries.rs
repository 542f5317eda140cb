//! Answers questions about the graph as a whole.

use petgraph::visit::EdgeRef;

use super::components;
use super::connection::window;
use super::cursor::{Cursor, CursorValue};
use super::paths::{self, Path, Weigh};
use super::ranking::{self, By, RankedEntity};
use super::statement::Link;
use super::{Failure, Run, Written};
use crate::graph::{EdgeReference, EntityNo, EntitySet, Key};
use crate::ontology::{Direction, TypeId};
use crate::plan::{
    Call, CallNo, ComponentField, LinkField, Object, PathCall, PathField, Question, RankedField, Ranking,
    Selection, SubgraphField,
};

impl<'a> Run<'a> {
    /// Writes the answer to a question.
    pub(super) fn question(&mut self, call: CallNo, question: &'a Question) -> Written {
        self.scope(|run| run.question_within(call, question))
    }

    fn question_within(&mut self, call: CallNo, question: &'a Question) -> Written {
        let bound = self.call(call)?;
        match (bound, question) {
            (Call::Path(call), Question::Path(fields)) => {
                let path = self.find_paths(call, 1)?.pop();
                self.gave(usize::from(path.is_some()));
                match path {
                    Some(path) => self.path(&path, call.weights.is_some(), fields),
                    None => {
                        self.null();
                        Ok(())
                    }
                }
            }
            (Call::Path(call), Question::Paths(listing)) => {
                let from = self.named("from", &call.from)?;
                let mut cursor = |text: &Option<String>| match text {
                    None => Ok(None),
                    Some(text) => self.read_cursor(text, call.sequence, Some(from), 1).map(Some),
                };
                let (after, before) = (cursor(&call.page.after)?, cursor(&call.page.before)?);
                let first = call.page.first.unwrap_or(0);
                // One path more than the page shows whether there is a next page.
                let count = |begin: usize| begin.saturating_add(first).saturating_add(1);
                let expected = after.as_ref().map_or(0, |it| it.ordinal as usize + 1);
                let mut found = self.find_paths(call, count(expected))?;
                let mut begin = after.as_ref().map(|it| self.place_of_path(&found, it, true));
                if let (Some(cursor), Some(later)) = (&after, begin)
                    && later > expected
                {
                    found = self.find_paths(call, count(later))?;
                    begin = Some(self.place_of_path(&found, cursor, true));
                }
                let end = before.as_ref().map(|it| self.place_of_path(&found, it, false));
                let window = window(found.len(), &call.page, begin, end);
                let page: Vec<(usize, &Path)> =
                    (window.start..).zip(&found[window.start..window.end]).collect();
                let weighted = call.weights.is_some();
                self.listing_page(
                    listing,
                    &page,
                    (found.len(), &window),
                    |run, (at, path)| {
                        let of = (*at as u32, &*run.name_of_path(path));
                        run.cursor(call.sequence, Some(from), &Key::Float(path.cost), of);
                    },
                    |run, fields, (_, path)| run.path(path, weighted, fields),
                )
            }
            (Call::Neighborhood(call), Question::Neighborhood(fields)) => {
                let mut of = self.list_of(call.of.len())?;
                for id in call.of.iter() {
                    self.work(1)?;
                    of.push(self.named("of", id)?);
                }
                let subgraph = self.subgraph(&call.walk, Direction::Both)?;
                let found = self.surroundings(&subgraph, &of, call.hops, call.first)?;
                self.gave(found.entities.len());
                self.pass_all(&found.links)?;
                self.object(fields, |run, slot| {
                    match &slot.field {
                        SubgraphField::Truncated => run.boolean(found.entities.len() < found.total),
                        SubgraphField::TotalCount => run.number(found.total),
                        SubgraphField::Nodes(selection) => {
                            return run.field(slot, false, |run| {
                                run.entity_list(found.entities.iter().copied(), selection)
                            });
                        }
                        SubgraphField::Links(fields) => {
                            return run.field(slot, false, |run| run.link_list(&found.links, fields));
                        }
                    }
                    Ok(())
                })
            }
            (Call::Ranking(call), Question::Ranked(fields)) => {
                let (usual, by) = match call.by {
                    Ranking::PageRank => (Direction::Out, By::PageRank(call.damping)),
                    Ranking::Degree => (Direction::Both, By::Degree),
                    Ranking::Betweenness => (Direction::Both, By::Betweenness),
                    Ranking::Closeness => (Direction::Both, By::Closeness),
                };
                let subgraph = self.subgraph(&call.walk, usual)?;
                let wanted = self.wanted(call.types.as_deref())?;
                let ranked = ranking::rank(self, &subgraph, by, &wanted, call.first)?;
                self.ranked(&ranked, fields)
            }
            (Call::Similar(call), Question::Ranked(fields)) => {
                let to = self.named("to", &call.to)?;
                let subgraph = self.subgraph(&call.walk, Direction::Both)?;
                let wanted = self.wanted(call.types.as_deref())?;
                let ranked = ranking::similar(self, &subgraph, to, call.by, &wanted, call.first)?;
                self.ranked(&ranked, fields)
            }
            (Call::Components(call), Question::Components(fields)) => {
                let mut left_out = call.walk.clone();
                if let Some(types) = &call.types {
                    let others = self.ontology.type_ids().filter(|it| !types.contains(it));
                    left_out.avoid_types.extend(others);
                }
                let subgraph = self.subgraph(&left_out, Direction::Out)?;
                let with_entities = fields
                    .fields()
                    .iter()
                    .any(|it| matches!(it.field, ComponentField::Nodes(..)));
                let components =
                    components::components(self, &subgraph, call.strong, call.first, with_entities)?;
                self.gave(components.len());
                self.each(components.iter(), |run, (size, entities)| {
                    run.component(size, entities, fields)
                })
            }
            (Call::Search(call), Question::Search(fields)) => self.search(call, fields),
            (Call::Suggest(call), Question::Suggest(fields)) => self.suggest(call, fields),
            (Call::Timeline(call), Question::Timeline(listing)) => self.timeline(call, listing),
            (Call::Conflicts(call), Question::Conflicts(listing)) => self.conflicts(call, listing),
            _ => Err(Failure::Null),
        }
    }

    fn find_paths(&mut self, call: &PathCall, count: usize) -> Result<Vec<Path>, Failure> {
        let from = self.named("from", &call.from)?;
        let to = self.named("to", &call.to)?;
        let subgraph = self.subgraph(&call.walk, Direction::Both)?;
        let Some(weights) = &call.weights else {
            if count == 1 {
                let found = paths::shortest(self, &subgraph, from, to, call.most)?;
                return Ok(found.into_iter().collect());
            }
            return paths::simple(self, &subgraph, (from, to), call.most, None, count);
        };
        let view = self.view;
        let is_any_negative = std::cell::Cell::new(false);
        let weight = |edge: &EdgeReference| {
            let (relation, no) = edge.id();
            let value =
                weights[relation.index()].and_then(|property| view.edge_number(relation, no, property));
            value.unwrap_or(1.0)
        };
        let weigh = |edge: &EdgeReference| {
            let weight = weight(edge);
            if weight < 0.0 {
                is_any_negative.set(true);
            }
            weight.max(0.0)
        };
        let weigh: &dyn Weigh = &weigh;
        let found = paths::simple(self, &subgraph, (from, to), call.most, Some(weigh), count)?;
        let negative = if is_any_negative.get() {
            let is_negative = |edge: &EdgeReference| weight(edge) < 0.0;
            paths::on_a_way(self, &subgraph, (from, to), call.most, is_negative)?
        } else {
            None
        };
        if let Some(edge) = negative {
            let weight = weight(&edge);
            let id = |it| view.id(view.locate(it));
            return self.refuse(format!(
                "the edge from \"{}\" to \"{}\" has the weight {weight}: a weight is 0 or more",
                id(edge.source()),
                id(edge.target())
            ));
        }
        Ok(found)
    }

    /// A hash that distinguishes paths.
    fn name_of_path(&self, path: &Path) -> String {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        for edge in &path.steps {
            let (relation, _) = edge.id();
            hasher.update(self.ontology.relation(relation).name.as_bytes());
            hasher.update(b" ");
            hasher.update(self.view.id(self.view.locate(edge.target())).as_bytes());
            hasher.update(b" ");
        }
        format!("{:016x}", hasher.digest())
    }

    /// The number of paths before a cursor, or at it if `past`. If the cursor's path does not exist any more, paths of
    /// the same cost are after it if `past`, else before it. So a page may repeat paths, but never skips one.
    fn place_of_path(&self, found: &[Path], cursor: &Cursor, past: bool) -> usize {
        let is_it = |path: &Path| self.name_of_path(path) == cursor.id;
        let expected = cursor.ordinal as usize;
        let place = match found.get(expected) {
            Some(path) if is_it(path) => Some(expected),
            _ => found.iter().position(is_it),
        };
        if let Some(place) = place {
            return place + usize::from(past);
        }
        let cost = match cursor.marks[..] {
            [CursorValue::Float(cost)] => cost,
            _ => 0.0,
        };
        found.partition_point(|it| it.cost < cost || !past && it.cost <= cost)
    }

    fn path(&mut self, path: &Path, weighted: bool, fields: &'a Object<PathField>) -> Written {
        self.pass_all(&path.steps)?;
        self.object(fields, |run, slot| {
            match &slot.field {
                PathField::Length => run.number(path.steps.len()),
                PathField::Cost if weighted => run.float(path.cost),
                PathField::Cost => run.null(),
                PathField::Nodes(selection) => {
                    let nodes = std::iter::once(path.start).chain(path.steps.iter().map(EdgeRef::target));
                    return run.field(slot, false, |run| run.entity_list(nodes, selection));
                }
                PathField::Steps(fields) => {
                    return run.field(slot, false, |run| run.link_list(&path.steps, fields));
                }
            }
            Ok(())
        })
    }

    fn entity_list(&mut self, entities: impl Iterator<Item = EntityNo>, selection: &'a Selection) -> Written {
        self.each(entities, |run, entity| run.entity(entity, selection))
    }

    fn link_list(&mut self, links: &[EdgeReference], fields: &'a Object<LinkField>) -> Written {
        self.each(links.iter(), |run, edge| run.link(Link::of(edge), fields))
    }

    /// The entities of some types, or of all types.
    fn wanted(&mut self, types: Option<&[TypeId]>) -> Result<EntitySet, Failure> {
        let mut wanted = self.entity_set()?;
        let all: Vec<TypeId> = self.ontology.type_ids().collect();
        for id in types.unwrap_or(&all) {
            wanted.add_type(self.view.snapshot(), *id);
        }
        Ok(wanted)
    }

    fn ranked(&mut self, ranked: &[RankedEntity], fields: &'a Object<RankedField>) -> Written {
        self.gave(ranked.len());
        self.each(ranked.iter(), |run, ranked| {
            run.object(fields, |run, slot| {
                match &slot.field {
                    RankedField::Score => run.float(ranked.score),
                    RankedField::Exact => run.boolean(ranked.exact),
                    RankedField::Entity(selection) => {
                        return run.field(slot, false, |run| run.entity(ranked.entity, selection));
                    }
                }
                Ok(())
            })
        })
    }

    fn component(
        &mut self,
        size: usize,
        entities: &[EntityNo],
        fields: &'a Object<ComponentField>,
    ) -> Written {
        self.object(fields, |run, slot| {
            match &slot.field {
                ComponentField::Size => run.number(size),
                ComponentField::Nodes(call, connection) => {
                    return run.field(slot, false, |run| run.found(entities, *call, connection));
                }
            }
            Ok(())
        })
    }

    pub(super) fn float(&mut self, number: f64) {
        crate::graph::write_float(number, &mut self.out);
    }
}
