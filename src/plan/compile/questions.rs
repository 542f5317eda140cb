//! Questions about the graph as a whole.

use super::{Compiler, Result};
use crate::ontology::{Domain, ENTITY};
use crate::plan::call::Kind;
use crate::plan::collect::Merged;
use crate::plan::{
    CallNo, ComponentField, ConflictField, HighlightField, Object, PathField, Question, RankedField,
    SearchEdgeField, SearchField, SubgraphField, TimelineField,
};
use apollo_compiler::executable::SelectionSet;

impl<'a> Compiler<'a> {
    /// A root field that asks about the graph as a whole; `None` for any other.
    pub(super) fn question(&mut self, name: &str, merged: &Merged<'a>) -> Result<Option<(CallNo, Question)>> {
        let sets = merged.selections();
        let kind = match name {
            "path" | "paths" => Kind::Path,
            "neighborhood" => Kind::Neighborhood,
            "ranking" => Kind::Ranking,
            "similar" => Kind::Similar,
            "components" => Kind::Components,
            "search" => Kind::Search,
            "timeline" => Kind::Timeline,
            "conflicts" => Kind::Conflicts,
            _ => return Ok(None),
        };
        let call = self.call(merged.first(), kind)?;
        let question = match name {
            "path" => Question::Path(self.path(&sets)?),
            "paths" => {
                let listing = self.listing("Path", &sets, Self::path)?;
                Question::Paths(self.shared(listing)?)
            }
            "neighborhood" => Question::Neighborhood(self.subgraph(&sets)?),
            "search" => Question::Search(self.search(&sets)?),
            "timeline" => {
                let listing = self.listing("Timeline", &sets, Self::timeline)?;
                Question::Timeline(self.shared(listing)?)
            }
            "conflicts" => {
                let listing = self.listing("Conflict", &sets, Self::conflict)?;
                Question::Conflicts(self.shared(listing)?)
            }
            "components" => Question::Components(self.component(&sets)?),
            _ => Question::Ranked(self.ranked(&sets)?),
        };
        Ok(Some((call, question)))
    }

    fn path(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<PathField>> {
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => PathField::TypeName(it.constant("Path")?),
                "length" => PathField::Length,
                "cost" => PathField::Cost,
                "nodes" => PathField::Nodes(it.selection(Domain::Interface(ENTITY), &merged.selections())?),
                "steps" => PathField::Steps(it.link(&merged.selections())?),
                _ => return Ok(None),
            }))
        })
    }

    fn subgraph(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<SubgraphField>> {
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => SubgraphField::TypeName(it.constant("Subgraph")?),
                "nodes" => {
                    SubgraphField::Nodes(it.selection(Domain::Interface(ENTITY), &merged.selections())?)
                }
                "links" => SubgraphField::Links(it.link(&merged.selections())?),
                "truncated" => SubgraphField::Truncated,
                "totalCount" => SubgraphField::TotalCount,
                _ => return Ok(None),
            }))
        })
    }

    fn ranked(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<RankedField>> {
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => RankedField::TypeName(it.constant("RankedEntity")?),
                "entity" => {
                    RankedField::Entity(it.selection(Domain::Interface(ENTITY), &merged.selections())?)
                }
                "score" => RankedField::Score,
                "exact" => RankedField::Exact,
                _ => return Ok(None),
            }))
        })
    }

    fn search(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<SearchField>> {
        let domain = Domain::Interface(ENTITY);
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => SearchField::TypeName(it.constant("SearchConnection")?),
                "nodes" => SearchField::Nodes(it.selection(domain, &merged.selections())?),
                "edges" => SearchField::Edges(it.search_edge(&merged.selections())?),
                "pageInfo" => SearchField::PageInfo(it.page_info(&merged.selections())?),
                "totalCount" => SearchField::TotalCount,
                "ignored" => SearchField::Ignored,
                _ => return Ok(None),
            }))
        })
    }

    fn search_edge(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<SearchEdgeField>> {
        let domain = Domain::Interface(ENTITY);
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => SearchEdgeField::TypeName(it.constant("SearchEdge")?),
                "node" => SearchEdgeField::Node(it.selection(domain, &merged.selections())?),
                "cursor" => SearchEdgeField::Cursor,
                "score" => SearchEdgeField::Score,
                "matched" => SearchEdgeField::Matched(it.statement(&merged.selections())?),
                "highlights" => {
                    SearchEdgeField::Highlights(it.object(&merged.selections(), |it, name, _| {
                        Ok(Some(match name {
                            "__typename" => HighlightField::TypeName(it.constant("Highlight")?),
                            "field" => HighlightField::Field,
                            "fragments" => HighlightField::Fragments,
                            _ => return Ok(None),
                        }))
                    })?)
                }
                _ => return Ok(None),
            }))
        })
    }

    fn timeline(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<TimelineField>> {
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => TimelineField::TypeName(it.constant("TimelineEntry")?),
                "date" => TimelineField::Date,
                "entity" => {
                    TimelineField::Entity(it.selection(Domain::Interface(ENTITY), &merged.selections())?)
                }
                "statement" => TimelineField::Statement(it.statement(&merged.selections())?),
                _ => return Ok(None),
            }))
        })
    }

    fn conflict(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<ConflictField>> {
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => ConflictField::TypeName(it.constant("Conflict")?),
                "field" => ConflictField::Field,
                "entity" => {
                    ConflictField::Entity(it.selection(Domain::Interface(ENTITY), &merged.selections())?)
                }
                "statements" => ConflictField::Statements(it.statement(&merged.selections())?),
                _ => return Ok(None),
            }))
        })
    }

    fn component(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<ComponentField>> {
        let domain = Domain::Interface(ENTITY);
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => ComponentField::TypeName(it.constant("Component")?),
                "size" => ComponentField::Size,
                "nodes" => {
                    let call = it.call(merged.first(), Kind::page(domain, None, "component"))?;
                    ComponentField::Nodes(call, it.root_connection(domain, &merged.selections())?)
                }
                _ => return Ok(None),
            }))
        })
    }
}
