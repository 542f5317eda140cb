//! Questions about the graph as a whole.

use apollo_compiler::executable::SelectionSet;

use super::{Compiler, Result};
use crate::ontology::{Domain, ENTITY};
use crate::plan::call::Kind;
use crate::plan::{
    ComponentField, ConflictField, Object, PathField, RankedField, SearchEdgeField, SearchField,
    SubgraphField, SuggestionField, TimelineField,
};
use crate::surface;

/// The domain of questions about the graph.
const ALL: Domain = Domain::Interface(ENTITY);

impl<'a> Compiler<'a> {
    pub(super) fn path(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<PathField>> {
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::Path::Length => PathField::Length,
                surface::Path::Cost => PathField::Cost,
                surface::Path::Nodes => PathField::Nodes(it.selection(ALL, &sets)?),
                surface::Path::Steps => PathField::Steps(it.link(&sets)?),
            })
        })
    }

    pub(super) fn subgraph(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<SubgraphField>> {
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::Subgraph::Nodes => SubgraphField::Nodes(it.selection(ALL, &sets)?),
                surface::Subgraph::Links => SubgraphField::Links(it.link(&sets)?),
                surface::Subgraph::Truncated => SubgraphField::Truncated,
                surface::Subgraph::TotalCount => SubgraphField::TotalCount,
            })
        })
    }

    pub(super) fn ranked(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<RankedField>> {
        self.object(sets, |it, field, merged| {
            Ok(match field {
                surface::RankedEntity::Entity => {
                    RankedField::Entity(it.selection(ALL, &merged.selections())?)
                }
                surface::RankedEntity::Score => RankedField::Score,
                surface::RankedEntity::Exact => RankedField::Exact,
            })
        })
    }

    pub(super) fn search(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<SearchField>> {
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::SearchConnection::Nodes => SearchField::Nodes(it.selection(ALL, &sets)?),
                surface::SearchConnection::Edges => SearchField::Edges(it.search_edge(&sets)?),
                surface::SearchConnection::PageInfo => SearchField::PageInfo(it.plain(&sets)?),
                surface::SearchConnection::TotalCount => SearchField::TotalCount,
                surface::SearchConnection::Aggregate => {
                    SearchField::Aggregate(it.aggregate(ALL, None, &sets)?)
                }
                surface::SearchConnection::Ignored => SearchField::Ignored,
            })
        })
    }

    fn search_edge(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<SearchEdgeField>> {
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::SearchEdge::Node => SearchEdgeField::Node(it.selection(ALL, &sets)?),
                surface::SearchEdge::Cursor => SearchEdgeField::Cursor,
                surface::SearchEdge::Score => SearchEdgeField::Score,
                surface::SearchEdge::Matched => SearchEdgeField::Matched(it.statement(&sets)?),
                surface::SearchEdge::Highlights => SearchEdgeField::Highlights(it.plain(&sets)?),
            })
        })
    }

    pub(super) fn suggestion(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<SuggestionField>> {
        self.object(sets, |it, field, merged| {
            Ok(match field {
                surface::Suggestion::Entity => {
                    SuggestionField::Entity(it.selection(ALL, &merged.selections())?)
                }
                surface::Suggestion::Text => SuggestionField::Text,
                surface::Suggestion::Field => SuggestionField::Field,
                surface::Suggestion::Start => SuggestionField::Start,
                surface::Suggestion::End => SuggestionField::End,
            })
        })
    }

    pub(super) fn timeline(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<TimelineField>> {
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::TimelineEntry::Date => TimelineField::Date,
                surface::TimelineEntry::Entity => TimelineField::Entity(it.selection(ALL, &sets)?),
                surface::TimelineEntry::Statement => TimelineField::Statement(it.statement(&sets)?),
            })
        })
    }

    pub(super) fn conflict(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<ConflictField>> {
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::Conflict::Field => ConflictField::Field,
                surface::Conflict::Entity => ConflictField::Entity(it.selection(ALL, &sets)?),
                surface::Conflict::Statements => ConflictField::Statements(it.statement(&sets)?),
            })
        })
    }

    pub(super) fn component(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<ComponentField>> {
        self.object(sets, |it, field, merged| {
            Ok(match field {
                surface::Component::Size => ComponentField::Size,
                surface::Component::Nodes => {
                    let call = it.call(merged.first(), Kind::page(ALL, None, "component"))?;
                    ComponentField::Nodes(call, it.root_connection(ALL, &merged.selections())?)
                }
            })
        })
    }
}
