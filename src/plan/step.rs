//! Names of a plan's steps in the output of `@explain`.

use super::{
    AggregateField, CitationField, CitedEdgeField, CitedField, CitedStatementField, ComponentField,
    ConflictField, ConnectionField, EdgeField, EdgeMeasure, EntityField, ExampleField, ExternalIdField,
    GraphField, GroupField, GroupKeyField, HighlightField, LinkField, ListingEdgeField, ListingField,
    MeasureField, PageInfoField, PathField, PropertyField, Question, RankedField, RelationField, RootField,
    SearchEdgeField, SearchField, StatementField, SubgraphField, SuggestionField, TimelineField, TypeField,
    ValidityField,
};

/// A field that may be a step of its own.
pub trait Step {
    /// Its name; `None` for a step that only writes stored values.
    fn step(&self) -> Option<&'static str> {
        None
    }
}

impl Step for RootField {
    fn step(&self) -> Option<&'static str> {
        Some(match self {
            RootField::Introspection(_) => return None,
            RootField::Lookup(..) => "look up one entity",
            RootField::Nodes(..) => "look up entities by their ids",
            RootField::List(..) => "list the entities of a type",
            RootField::Graph(_) => "describe the graph",
            RootField::Question(_, question) => match question {
                Question::Path(_) => "find a shortest path",
                Question::Paths(_) => "find simple paths",
                Question::Neighborhood(_) => "find what surrounds",
                Question::Ranked(_) => "rank entities",
                Question::Components(_) => "find components",
                Question::Search(_) => "search the text index",
                Question::Suggest(_) => "find names by their beginning",
                Question::Timeline(_) => "collect dated statements",
                Question::Conflicts(_) => "collect disagreements",
            },
        })
    }
}

impl Step for EntityField {
    fn step(&self) -> Option<&'static str> {
        Some(match self {
            EntityField::ToOne(..) | EntityField::ToOneEdge(..) => "follow a relation to one",
            EntityField::Connection(..) => "expand a relation",
            EntityField::Follow(..) => "follow a path expression",
            EntityField::Statements(..) => "collect statements",
            EntityField::Links(..) => "collect edges",
            EntityField::Cited(..) => "collect what cites a source",
            EntityField::Degree => "count edges",
            EntityField::Constant(_)
            | EntityField::Id
            | EntityField::EntityId
            | EntityField::Label
            | EntityField::Property(..)
            | EntityField::SameAs(..) => {
                return None;
            }
        })
    }
}

impl Step for ConnectionField {
    fn step(&self) -> Option<&'static str> {
        matches!(self, ConnectionField::Aggregate(_)).then_some("aggregate")
    }
}

impl Step for AggregateField {
    fn step(&self) -> Option<&'static str> {
        matches!(self, AggregateField::Groups(..)).then_some("group")
    }
}

impl Step for SearchField {
    fn step(&self) -> Option<&'static str> {
        matches!(self, SearchField::Aggregate(_)).then_some("aggregate")
    }
}

macro_rules! no_steps {
    ($($field:ty),+ $(,)?) => {$(impl Step for $field {})+};
}

no_steps!(
    CitationField,
    CitedEdgeField,
    CitedField,
    CitedStatementField,
    ComponentField,
    ConflictField,
    EdgeField,
    EdgeMeasure,
    ExampleField,
    ExternalIdField,
    GraphField,
    GroupField,
    GroupKeyField,
    HighlightField,
    LinkField,
    MeasureField,
    PageInfoField,
    PathField,
    PropertyField,
    RankedField,
    RelationField,
    SearchEdgeField,
    StatementField,
    SubgraphField,
    SuggestionField,
    TimelineField,
    TypeField,
    ValidityField,
);

impl<F> Step for ListingField<F> {}

impl<F> Step for ListingEdgeField<F> {}
