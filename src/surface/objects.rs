//! The object types, and the fields that every entity has.
//!
//! A row is `name Meaning: "type" (groups of arguments) = "description";`.

use super::{Fields, Row, arguments};

macro_rules! objects {
    ($($table:ident $type:literal: $about:literal {
        $($name:ident $field:ident: $ty:literal $(($($arguments:ident),+))? = $description:literal;)+
    })+) => {
        $(
            #[doc = $about]
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub enum $table {
                $(#[doc = $description] $field,)+
            }

            impl Fields for $table {
                const TYPE: &'static str = $type;
                const DESCRIPTION: &'static str = $about;
                const ALL: &'static [(Self, Row)] = &[$((
                    $table::$field,
                    Row {
                        name: stringify!($name),
                        ty: $ty,
                        description: $description,
                        arguments: &[$($(arguments::$arguments),+)?],
                    },
                ),)+];
            }
        )+

        /// The names of all types that have a table and no placeholder in their name.
        pub const TYPES: &[&str] = &[$($type),+];
    };
}

objects! {
    Query "Query": "Entry points: an entity by its id, a list of the entities of a type, or a question about the whole graph.\n\nArguments that many fields have:\n\n- `filter` keeps only items that match. All fields of a filter must match; `and`, `or` and `not` combine conditions. A missing value matches only `isNull: true`. Each candidate is tested.\n- `orderBy` sorts by its first key, equal items by the next one, and at last by id. Without it, lists are sorted by id.\n- `collation` sorts texts as in a language (BCP 47, such as `fr` or `de-u-co-phonebk`) instead of by code points. It costs many times as much; only the first 1,024 bytes of a text count.\n- `first` returns the first `n` items, after the cursor `after`; `last` the last `n` items, before the cursor `before`. Without `first` and `last`, `{default_page}` items, unless the field has another default.\n- `asOf` shows the graph as it was at a date, in this field and in all fields below it: statements and edges that did not hold then are left out. Statements without a date always hold; a required field keeps its value. Ids in the answer have the date: `<entityId>?asOf=<date>`. Defaults to the date of the ids in the arguments." {
        graph Graph: "GraphInfo!" = "What this graph is and holds.";
        node Node: "Entity" (ID) = "The entity with an `id`, whatever its type; null if there is none.";
        nodes Nodes: "[Entity]!" (IDS, AS_OF) = "The entities with these `ids`, in this order; null in the place of one that does not exist.";
        resolve Resolve: "Entity" (REFERENCE, AS_OF) = "The entity that a reference means: by its id; else by a CURIE or an IRI of its `sameAs`; else by exactly its label or an alias, ignoring case. Null where nothing is found; an error with the candidates where several are.";
        path Path: "Path" (ENDS, VIA, EITHER_DIRECTION, AVOID, AS_OF, LENGTH) = "A shortest path between two entities; null where there is none. It is searched for from both ends; the costs grow with the edges within half its length.";
        paths Paths: "PathConnection" (ENDS, VIA, EITHER_DIRECTION, AVOID, AS_OF, LENGTH, NEXT) = "The simple paths between two entities, the shortest first: no entity is on one twice, and parallel edges make paths of their own. Each further page costs all that were before it.";
        neighborhood Neighborhood: "Subgraph!" (MIDDLE, VIA, EITHER_DIRECTION, AVOID, AS_OF, MOST_NEIGHBORS) = "The neighborhood of some entities: all entities within a number of edges, and the edges between them. Costs as much as there are edges within that distance, whatever `first` keeps.";
        ranking Ranking: "[RankedEntity!]!" (RANKED_BY, GIVEN_TYPES, VIA, RANKING_DIRECTION, AVOID, AS_OF, MOST_RANKED) = "The entities that matter most, the greatest score first. Costs at least as much as the graph has edges.";
        similar Similar: "[RankedEntity!]!" (COMPARED, GIVEN_TYPES, VIA, EITHER_DIRECTION, AVOID, AS_OF, MOST_RANKED) = "The entities that are most like one, because they share neighbours with it: the most alike first, those that share none left out. Costs as much as there are edges within two of it.";
        components Components: "[Component!]!" (PARTS, VIA, COMPONENT_DIRECTION, AVOID, AS_OF, MOST_RANKED) = "The parts that the graph falls into, the largest first. An entity without edges is a part of one, also a source, which `graph { componentCount }` leaves out. Costs as much as the graph has edges.";
        search Search: "SearchConnection" (SEARCHED, AS_OF, PAGE) = "The entities in whose texts something is found, the best first (BM25; what serves as label counts most): what has all words, or where nothing has, other forms of them, or where nothing has all, what has any. A label that equals the whole query comes first, then another text that equals it. Case and diacritics do not matter; texts whose language is known are searched by their words' stems. Costs as much as it finds.";
        suggest Suggest: "[Suggestion!]!" (BEGINNING, AS_OF, MOST_SUGGESTED) = "Entities whose label or an alias begins with what was typed, in the order of these names without regard to case and accents. Each is there once: by its label if that begins so, else by the first such alias. Names are compared by their first 256 characters. Costs as much as it skips: names of other types, of other dates, of entities that are given already.";
        timeline Timeline: "TimelineConnection" (PERIOD, AS_OF, PAGE) = "Dated statements in order: those whose value is a date, whose edge has one, or that say when they hold. Values of type `DateTime` are left out. Costs as much as the entity, or the whole graph, has statements.";
        conflicts Conflicts: "ConflictConnection" (DISPUTED, AS_OF, PAGE) = "Fields of which sources say different things of one time. The field itself gives the preferred statement: by rank, then the one that holds latest, then the one that the data say first. Costs as much as the graph has entities.";
    }
    Entity "Entity": "Anything that the graph knows, whatever its type." {
        id Id: "ID!" = "The id: unique in the whole graph, stable, safe in URLs. As of a date, `<entityId>?asOf=<date>`.";
        entityId EntityId: "ID!" = "The id as the data have it, the same at every date.";
        label Label: "String!" = "{label}";
        description Description: "String" = "{summary}";
        aliases Aliases: "[Text!]!" (LANGUAGES) = "Other names, in the order of the data. `search`, `suggest` and `resolve` find them.";
        sameAs SameAs: "[ExternalId!]!" = "What other systems call it, in the order of the data.";
        degree Degree: "Int!" = "How many edges it has, over all relations, either way.";
        follow Follow: "EntityConnection!" (EXPRESSION, CHOICE, PAGE) = "What a path of relations leads to, each entity once, such as `partners|memberOf/partOf*`. A field that an entity does not have leads nowhere. Costs as much as there are edges on the way.";
        statements Statements: "StatementConnection!" (ABOUT, PAGE) = "All that the graph says of it: a statement for each value of a property and for each edge, in either direction, each with where it comes from. Where sources disagree, all are here. Costs as much as it has statements, whatever the page.";
        links Links: "LinkConnection!" (VIA, LINK_DIRECTION, PAGE) = "All its edges, over all relations. Costs as much as it has edges, whatever the page.";
    }
    SourceOnly "{source}": "A source of facts." {
        cited Cited: "CitedConnection!" (CITING, PAGE) = "The statements that cite this source, once for each place that they cite, in the order of the places: sections as `structure` has them, numbers by their value. An edge is given once, as a statement about its start. Costs as much as the source has citations, whatever the page.";
    }
    CitedConnection "CitedConnection": "A page of the statements that cite a source." {
        nodes Nodes: "[CitedStatement!]!" = "The statements of this page.";
        edges Edges: "[CitedEdge!]!" = "The statements of this page, each with the place that it cites.";
        pageInfo PageInfo: "PageInfo!" = "Where this page stands in the whole list.";
        totalCount TotalCount: "Int!" = "How many there are on all pages together.";
    }
    CitedEdge "CitedEdge": "A statement that cites a source, and the place." {
        node Node: "CitedStatement!" = "The statement.";
        cursor Cursor: "String!" = "Its place in the list, for `after` and `before`.";
        locator Locator: "String" = "The place in the source: a section, paragraph and sentence (`history/2/1`), a page, a URL. Null where the source is cited as a whole.";
        note Note: "String" = "A remark of who entered the fact.";
    }
    CitedStatement "CitedStatement": "A statement that cites a source." {
        entity Entity: "Entity!" = "The entity that it is about; of an edge, the one that it starts at.";
        statement Statement: "Statement!" = "The statement.";
    }
    ExternalId "ExternalId": "An identifier in another system." {
        prefix Prefix: "String" = "The prefix that the schema declares for the beginning of the IRI; null where it declares none.";
        id Id: "ID!" = "The rest of the IRI after the prefix; the whole IRI where `prefix` is null.";
        url Url: "URL!" = "The IRI.";
    }
    PageInfo "PageInfo": "Position of a page in the list. `Query` describes the arguments of lists." {
        hasNextPage HasNextPage: "Boolean!" = "Whether more follow after this page.";
        hasPreviousPage HasPreviousPage: "Boolean!" = "Whether some come before this page.";
        startCursor StartCursor: "String" = "The cursor of the first on this page; null on an empty one.";
        endCursor EndCursor: "String" = "The cursor of the last on this page; null on an empty one.";
    }
    Citation "Citation": "One place in a source that says so." {
        source Source: "Source!" = "The source.";
        locator Locator: "String" = "The place in it: a section, paragraph and sentence (`history/2/1`), a page, a URL.";
        note Note: "String" = "A remark of who entered the fact.";
    }
    Validity "Validity": "When a statement holds. An end that is not known is null." {
        from From: "Date" = "From when.";
        until Until: "Date" = "Until when.";
    }
    Statement "Statement": "One thing that the graph says of an entity: a value of a property, or an edge to another entity, with where it comes from." {
        field Field: "String!" = "The schema's field on this side. An edge that this side has no field for is named by the other side's, after a `^`.";
        value Value: "JSON" = "The value of a property; null for an edge.";
        target Target: "Entity" = "The entity at the other end of an edge; null for a property.";
        edge Edge: "JSON" = "The edge's own properties; null where its relation has none.";
        rank Rank: "Rank!" = "How far it is trusted against others about the same thing.";
        valid Valid: "Validity" = "When it holds; null where no validity is given.";
        citations Citations: "[Citation!]!" = "Where it comes from; empty where no source is given.";
    }
    Link "Link": "An edge, seen from one of its ends." {
        from From: "Entity!" = "The entity that the link was asked of.";
        to To: "Entity!" = "The entity at the other end.";
        relation Relation: "String!" = "The relation's name.";
        field Field: "String!" = "The schema's field on the side of `from`. Where it has none, the other side's after a `^`.";
        forward Forward: "Boolean!" = "Whether the edge was stored this way round.";
        edge Edge: "JSON" = "The edge's own properties; null where its relation has none.";
        statement Statement: "Statement!" = "The edge as a statement about `from`, with where it comes from.";
    }
    GraphInfo "GraphInfo": "What this graph is and holds." {
        title Title: "String" = "What the graph is called.";
        description Description: "String" = "What it is about.";
        licence Licence: "String" = "Under which terms its data may be used.";
        url Url: "String" = "Where it is described.";
        revision Revision: "String!" = "Which data and schema it was built from: the same files give the same revision.";
        entityCount EntityCount: "Int!" = "How many entities it has, sources among them.";
        edgeCount EdgeCount: "Int!" = "How many edges it has.";
        statementCount StatementCount: "Int!" = "How many statements it makes: values and edges.";
        sourceCount SourceCount: "Int!" = "How many sources it has.";
        citationCount CitationCount: "Int!" = "How many citations it has.";
        componentCount ComponentCount: "Int!" = "Number of connected components, without sources that no edge leads to or from. `components` lists those sources too, each as a part of one.";
        types Types: "[TypeInfo!]!" = "The types of its entities.";
        relations Relations: "[RelationInfo!]!" = "Its relations.";
        sources Sources: "SourceConnection!" (CHOICE, PAGE) = "Its sources.";
        examples Examples: "[ExampleQuery!]!" = "Queries that show what can be asked of it.";
    }
    ExampleQuery "ExampleQuery": "A query that shows what can be asked of this graph." {
        title Title: "String!" = "The question in words.";
        query Query: "String!" = "The question in GraphQL.";
    }
    TypeInfo "TypeInfo": "A type of entities." {
        name Name: "String!" = "Its name.";
        description Description: "String" = "What the schema says of it.";
        class Class: "String" = "The IRI of its RDF class.";
        count Count: "Int!" = "How many entities of this type there are.";
    }
    RelationInfo "RelationInfo": "A relation between entities." {
        name Name: "String!" = "Its name.";
        field Field: "String!" = "The field that an entity at the start of an edge has.";
        inverse Inverse: "String" = "The field that an entity at the end of an edge has; null where it has none.";
        symmetric Symmetric: "Boolean!" = "Whether an edge holds both ways.";
        transitive Transitive: "Boolean!" = "Whether it may be followed over several edges as one.";
        from From: "[String!]!" = "The types that its edges begin at.";
        to To: "[String!]!" = "The types that its edges end in.";
        class Class: "String" = "The IRI of its RDF property.";
        count Count: "Int!" = "How many edges it has.";
    }
    Path "Path": "How two entities are connected." {
        length Length: "Int!" = "How many edges it has.";
        cost Cost: "Float" = "The sum of its edges' weights; null where no `weight` was asked for.";
        nodes Nodes: "[Entity!]!" = "The entities on it, from one end to the other.";
        steps Steps: "[Link!]!" = "Its edges, each in walking order.";
    }
    Subgraph "Subgraph": "A part of the graph." {
        nodes Nodes: "[Entity!]!" = "Its entities: the nearest first, those of one distance by type and id.";
        links Links: "[Link!]!" = "The edges between its entities, each once, from its start.";
        truncated Truncated: "Boolean!" = "Whether entities were left out because `first` allowed no more; the farthest are.";
        totalCount TotalCount: "Int!" = "How many entities lie within the distance, those that were left out among them.";
    }
    RankedEntity "RankedEntity": "An entity and its score." {
        entity Entity: "Entity!" = "The entity.";
        score Score: "Float!" = "Its score.";
        exact Exact: "Boolean!" = "Whether the score is exact; otherwise it is estimated from a sample, since all would take too long.";
    }
    Component "Component": "A part of the graph that no edge connects with the rest." {
        size Size: "Int!" = "How many entities it has.";
        nodes Nodes: "EntityConnection!" (CHOICE, PAGE) = "Its entities.";
    }
    SearchConnection "SearchConnection": "A page of what a search finds." {
        nodes Nodes: "[Entity!]!" = "The entities of this page.";
        edges Edges: "[SearchEdge!]!" = "The entities of this page, each with how well it fits, and where.";
        pageInfo PageInfo: "PageInfo!" = "Where this page stands in the whole list.";
        totalCount TotalCount: "Int!" = "How many entities that were found there are on all pages together. With a filter this looks at each candidate.";
        ignored Ignored: "Int!" = "Number of words of `query` that were not searched. Usually 0: only the first 32 words (8 with `fuzzy`) and the first 1,024 bytes are searched.";
    }
    SearchEdge "SearchEdge": "An entity that was found." {
        node Node: "Entity!" = "The entity.";
        cursor Cursor: "String!" = "Its place in the list, for `after` and `before`.";
        score Score: "Float!" = "How well it fits; scores compare within one search only.";
        highlights Highlights: "[Highlight!]!" = "Where it was found.";
        matched Matched: "[Statement!]!" = "The statements in which words of the query were found, those of the best rank first, after those that equal the whole query: a former or disputed name is recognized by its `rank` and `valid`.";
    }
    Highlight "Highlight": "Pieces of one field's text in which something was found." {
        field Field: "String!" = "The schema's field.";
        fragments Fragments: "[String!]!" = "Up to three pieces of its text as HTML: what was found stands in `<mark>`, all else is escaped.";
    }
    Suggestion "Suggestion": "An entity by one of its names." {
        entity Entity: "Entity!" = "The entity.";
        text Text: "String!" = "The name: its label, or an alias, in the language that it was found in.";
        field Field: "String!" = "The field that has the name; `id` where the id serves as label.";
        start Start: "Int!" = "Where in `text` the part begins that was typed, in UTF-16 code units as JavaScript counts. More than 0 where the name begins with other signs than letters and digits.";
        end End: "Int!" = "Where in `text` that part ends, in UTF-16 code units.";
    }
    TimelineEntry "TimelineEntry": "A dated statement." {
        date Date: "Date!" = "The date that it is about: its value, the first date of its edge, or when it holds.";
        entity Entity: "Entity!" = "The entity that it is about.";
        statement Statement: "Statement!" = "The statement.";
    }
    Conflict "Conflict": "A field of an entity of which sources say different things." {
        entity Entity: "Entity!" = "The entity.";
        field Field: "String!" = "The schema's field.";
        statements Statements: "[Statement!]!" = "All that is said, what the field gives first.";
    }
    AggregateKey "AggregateKey": "What the entities of a group have in common for one field." {
        field Field: "String!" = "The field that entities were grouped by.";
        value Value: "JSON" = "The value of a property; null for a relation, and where there is none.";
        entity Entity: "Entity" = "The entity that a relation leads to; null for a property, and where it leads nowhere.";
    }
    Connection "{connection}": "A page of {noun}." {
        nodes Nodes: "[{item}!]!" = "Items of this page.";
        edges Edges: "[{edge}!]!" = "Items of this page with their cursors and edges.";
        pageInfo PageInfo: "PageInfo!" = "Position of this page.";
        totalCount TotalCount: "Int!" = "Number of items on all pages. Tests each candidate of a filter.";
        aggregate Aggregate: "{aggregate}!" = "Aggregates of the items on all pages.";
    }
    Edge "{edge}": "An item of a list of {noun}; in a relation, the edge to it{about}." {
        node Node: "{item}!" = "The item.";
        cursor Cursor: "String!" = "For use with `after` and `before`.";
        statement Statement: "{statement}" = "The edge with its sources; null outside of relations.";
    }
    Listing "{connection}": "A page of {noun}." {
        nodes Nodes: "[{item}!]!" = "Items of this page.";
        edges Edges: "[{edge}!]!" = "Items of this page with their cursors.";
        pageInfo PageInfo: "PageInfo!" = "Position of this page.";
        totalCount TotalCount: "Int!" = "Number of items on all pages.";
    }
    ListingEdge "{edge}": "An item of a list of {noun}." {
        node Node: "{item}!" = "The item.";
        cursor Cursor: "String!" = "For use with `after` and `before`.";
    }
    Aggregate "{aggregate}": "Aggregates of all {noun} of a list, on all its pages." {
        count Count: "Int!" = "Number of items.";
        groupBy GroupBy: "[{group}!]!" (GROUPED) = "Groups with equal values of all fields of `by`, at most `first`.";
    }
    Group "{group}": "Aggregates of {noun} with equal values. With several values for a field, an item is in several groups." {
        key Key: "JSON" = "The value, or the id of an entity; with several keys, a list.";
        keys Keys: "[AggregateKey!]!" = "The values and entities, one for each field of `by`.";
        count Count: "Int!" = "Number of items.";
    }
    Measures "{measures}": "{about}" {
        count Count: "Int!" = "Number of values.";
        distinct Distinct: "Int!" = "Number of different values.";
        min Min: "{value}" = "The smallest value; null if there is none.";
        max Max: "{value}" = "The greatest value; null if there is none.";
        sum Sum: "{sum}" = "Their sum; null where there is none.";
        avg Avg: "{sum}" = "Their mean; null where there is none.";
    }
}

/// A connection of things that are not entities.
#[derive(Debug)]
pub struct ListingRow {
    /// What its types are named after: `{name}Connection` and `{name}Edge`.
    pub name: &'static str,
    /// The type of its items.
    pub item: &'static str,
    /// What the items are called in descriptions.
    pub noun: &'static str,
    /// Whether the length of the list is known.
    pub is_countable: bool,
}

const fn listing(name: &'static str, item: &'static str, noun: &'static str) -> ListingRow {
    ListingRow {
        name,
        item,
        noun,
        is_countable: true,
    }
}

/// All connections of things that are not entities.
pub const LISTINGS: &[ListingRow] = &[
    listing("Statement", "Statement", "statements"),
    listing("Link", "Link", "links"),
    ListingRow {
        is_countable: false,
        ..listing("Path", "Path", "paths")
    },
    listing("Timeline", "TimelineEntry", "dated statements"),
    listing("Conflict", "Conflict", "disagreements"),
];
