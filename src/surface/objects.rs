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
        graph Graph: "GraphInfo!" = "Information about the graph as a whole.";
        node Node: "Entity" (ID) = "The entity with this `id`, of any type; null if there is none.";
        nodes Nodes: "[Entity]!" (IDS, AS_OF) = "The entities with these `ids`, in the same order; null for an id that does not exist.";
        resolve Resolve: "Entity" (REFERENCE, AS_OF) = "The entity that a reference identifies: by its id; otherwise by a CURIE or an IRI of its `sameAs`; otherwise by its exact label or an alias, ignoring case.\n\nNull if nothing is found; an error that lists the candidates if several entities match.";
        path Path: "Path" (ENDS, VIA, EITHER_DIRECTION, AVOID, AS_OF, LENGTH) = "A shortest path between two entities; null if there is none.\n\nSearches from both ends: the cost grows with the number of edges within half the path's length.";
        paths Paths: "PathConnection" (ENDS, VIA, EITHER_DIRECTION, AVOID, AS_OF, LENGTH, NEXT) = "The simple paths between two entities, shortest first. A simple path visits no entity twice; parallel edges produce separate paths.\n\nEach page costs as much as all pages before it.";
        neighborhood Neighborhood: "Subgraph!" (MIDDLE, VIA, EITHER_DIRECTION, AVOID, AS_OF, MOST_NEIGHBORS) = "The neighborhood of some entities: all entities within a number of edges, and the edges between them.\n\nThe cost grows with the number of edges within that distance, regardless of `first`.";
        ranking Ranking: "[RankedEntity!]!" (RANKED_BY, DAMPING, GIVEN_TYPES, VIA, RANKING_DIRECTION, AVOID, AS_OF, MOST_RANKED) = "The most important entities, highest score first.\n\nThe cost grows at least with the number of edges of the graph.";
        similar Similar: "[RankedEntity!]!" (COMPARED, GIVEN_TYPES, VIA, EITHER_DIRECTION, AVOID, AS_OF, MOST_RANKED) = "The entities that share neighbors with an entity, most similar first. Entities that share none are left out.\n\nThe cost grows with the number of edges within a distance of two.";
        components Components: "[Component!]!" (PARTS, VIA, COMPONENT_DIRECTION, AVOID, AS_OF, MOST_RANKED) = "The connected components of the graph, largest first. An entity without edges is a component of size one; this includes sources, which `graph { componentCount }` does not count.\n\nThe cost grows with the number of edges of the graph.";
        search Search: "SearchConnection" (SEARCHED, ANY_FILTER, AS_OF, PAGE) = "Full-text search in the texts of entities, best match first (BM25; labels have the highest weight). A label equal to the whole query comes first, then other texts equal to it.\n\nFinds texts with all words; if there are none, texts with other forms of the words; if there are none either, texts with any of the words. Case and diacritics are ignored; texts in a known language are searched by word stems. The cost grows with the number of matches.";
        suggest Suggest: "[Suggestion!]!" (BEGINNING, AS_OF, MOST_SUGGESTED) = "Entities whose label or an alias begins with a prefix, sorted by that name, ignoring case and accents. Each entity occurs once: with its label if the label matches, otherwise with the first matching alias.\n\nNames are compared by their first 256 characters. The cost grows with the number of skipped names: those of other types or dates, and further names of the same entity.";
        timeline Timeline: "TimelineConnection" (PERIOD, AS_OF, PAGE) = "Dated statements in chronological order: statements whose value is a date, whose edge has a date, or that have a validity. Values of type `DateTime` are not included.\n\nThe cost grows with the number of statements of the entity, or of the whole graph.";
        conflicts Conflicts: "ConflictConnection" (DISPUTED, AS_OF, PAGE) = "Fields for which sources state different values for the same time. The field itself returns the preferred statement: by rank, then the latest valid one, then the first one in the data.\n\nThe cost grows with the number of entities of the graph.";
    }
    Entity "Entity": "An entity of any type." {
        id Id: "ID!" = "The id: unique in the graph, stable, and safe in URLs. In answers as of a date: `<entityId>?asOf=<date>`.";
        entityId EntityId: "ID!" = "The id as in the data, the same at every date.";
        label Label: "String!" = "{label}";
        description Description: "String" = "{summary}";
        aliases Aliases: "[Text!]!" (LANGUAGES) = "Other names, in the order of the data. `search`, `suggest` and `resolve` find them.";
        sameAs SameAs: "[ExternalId!]!" = "Identifiers of the entity in other systems, in the order of the data.";
        degree Degree: "Int!" = "Number of edges, over all relations and in both directions.";
        follow Follow: "EntityConnection!" (EXPRESSION, ANY_CHOICE, PAGE) = "The entities that a path of relations leads to, each once, such as `partners|memberOf/partOf*`. A field that an entity does not have leads to nothing.\n\nThe cost grows with the number of edges on the way.";
        statements Statements: "StatementConnection!" (ABOUT, PAGE) = "All statements about the entity: one for each value of a property and for each edge in either direction, each with its sources. Includes conflicting statements.\n\nThe cost grows with the number of its statements, regardless of the page.";
        links Links: "LinkConnection!" (VIA, LINK_DIRECTION, PAGE) = "All edges of the entity, over all relations.\n\nThe cost grows with the number of its edges, regardless of the page.";
    }
    SourceOnly "{source}": "A source of facts." {
        cited Cited: "CitedConnection!" (CITING, PAGE) = "The statements that cite this source, one item for each cited place, in the order of the places: sections in the order of `structure`, numbers by value. An edge occurs once, as a statement about its start.\n\nThe cost grows with the number of citations of the source, regardless of the page.";
    }
    CitedConnection "CitedConnection": "A page of the statements that cite a source." {
        nodes Nodes: "[CitedStatement!]!" = "The statements of this page.";
        edges Edges: "[CitedEdge!]!" = "The statements of this page, each with the place that it cites.";
        pageInfo PageInfo: "PageInfo!" = "Position of this page.";
        totalCount TotalCount: "Int!" = "Number of items on all pages.";
    }
    CitedEdge "CitedEdge": "A statement that cites a source, and the place." {
        node Node: "CitedStatement!" = "The statement.";
        cursor Cursor: "String!" = "Cursor of this edge, for use with `after` and `before`.";
        locator Locator: "String" = "The cited place in the source: a section, paragraph and sentence (`history/2/1`), a page, or a URL. Null if the source is cited as a whole.";
        note Note: "String" = "A note by the person who entered the fact.";
    }
    CitedStatement "CitedStatement": "A statement that cites a source." {
        entity Entity: "Entity!" = "The subject of the statement; for an edge, its start.";
        statement Statement: "Statement!" = "The statement.";
    }
    ExternalId "ExternalId": "An identifier in another system." {
        prefix Prefix: "String" = "The declared prefix that replaces the beginning of the IRI; null if no prefix matches.";
        id Id: "ID!" = "The part of the IRI after the prefix; the whole IRI if `prefix` is null.";
        url Url: "URL!" = "The IRI.";
    }
    PageInfo "PageInfo": "Position of a page in the list. `Query` describes the arguments of lists." {
        hasNextPage HasNextPage: "Boolean!" = "Whether there are items after this page.";
        hasPreviousPage HasPreviousPage: "Boolean!" = "Whether there are items before this page.";
        startCursor StartCursor: "String" = "Cursor of the first item of this page; null if the page is empty.";
        endCursor EndCursor: "String" = "Cursor of the last item of this page; null if the page is empty.";
    }
    Citation "Citation": "A place in a source that supports a statement." {
        source Source: "Source!" = "The source.";
        locator Locator: "String" = "The place in the source: a section, paragraph and sentence (`history/2/1`), a page, or a URL.";
        note Note: "String" = "A note by the person who entered the fact.";
    }
    Validity "Validity": "The period in which a statement holds. An unknown end is null." {
        from From: "Date" = "Start of the period.";
        until Until: "Date" = "End of the period.";
    }
    Statement "Statement": "A statement about an entity: a value of a property, or an edge to another entity, with its sources." {
        field Field: "String!" = "The field of the schema on this side. If this side has no field for the edge: `^` and the name of the other side's field.";
        value Value: "JSON" = "The value of a property; null for an edge.";
        target Target: "Entity" = "The entity at the other end of an edge; null for a property.";
        edge Edge: "JSON" = "The properties of the edge; null if its relation has none.";
        rank Rank: "Rank!" = "Preference of this statement over others about the same fact.";
        valid Valid: "Validity" = "The period in which it holds; null if none is given.";
        citations Citations: "[Citation!]!" = "Its sources, with the places in them; empty if no source is given.";
    }
    Link "Link": "An edge, seen from one of its ends." {
        from From: "Entity!" = "The entity whose links are listed.";
        to To: "Entity!" = "The entity at the other end.";
        relation Relation: "String!" = "Name of the relation.";
        field Field: "String!" = "The field of the schema on the side of `from`. If there is none: `^` and the name of the other side's field.";
        forward Forward: "Boolean!" = "Whether the edge starts at `from`.";
        edge Edge: "JSON" = "The properties of the edge; null if its relation has none.";
        statement Statement: "Statement!" = "The edge as a statement about `from`, with its sources.";
    }
    GraphInfo "GraphInfo": "Information about the graph as a whole." {
        title Title: "String" = "Title of the graph.";
        description Description: "String" = "Subject of the graph.";
        licence Licence: "String" = "Licence of the data.";
        url Url: "String" = "Address of a page about the graph.";
        revision Revision: "String!" = "Identifies the data and schema of this graph: the same files give the same revision.";
        entityCount EntityCount: "Int!" = "Number of entities, including sources.";
        edgeCount EdgeCount: "Int!" = "Number of edges.";
        statementCount StatementCount: "Int!" = "Number of statements: values and edges.";
        sourceCount SourceCount: "Int!" = "Number of sources.";
        citationCount CitationCount: "Int!" = "Number of citations.";
        componentCount ComponentCount: "Int!" = "Number of connected components, not counting sources without edges. `components` lists these sources too, each as a component of size one.";
        types Types: "[TypeInfo!]!" = "The types of entities.";
        relations Relations: "[RelationInfo!]!" = "The relations.";
        sources Sources: "SourceConnection!" (CHOICE, PAGE) = "The sources.";
        examples Examples: "[ExampleQuery!]!" = "Example queries.";
    }
    ExampleQuery "ExampleQuery": "An example query." {
        title Title: "String!" = "The question in natural language.";
        query Query: "String!" = "The query in GraphQL.";
    }
    TypeInfo "TypeInfo": "A type of entities." {
        name Name: "String!" = "Name in the schema.";
        description Description: "String" = "Description from the schema.";
        class Class: "String" = "IRI of its RDF class.";
        count Count: "Int!" = "Number of entities of this type.";
        interfaces Interfaces: "[String!]!" = "Interfaces of the schema that it implements, without `Entity`.";
        properties Properties: "[PropertyInfo!]!" = "Its properties, in the order of the schema. Relations are not included.";
    }
    RelationInfo "RelationInfo": "A relation between entities." {
        name Name: "String!" = "Name in the schema.";
        field Field: "String!" = "The field at the start of an edge.";
        inverse Inverse: "String" = "The field at the end of an edge; null if there is none.";
        symmetric Symmetric: "Boolean!" = "Whether the relation is symmetric: each edge holds in both directions.";
        transitive Transitive: "Boolean!" = "Whether the relation is transitive: its field takes `depth` to follow several edges.";
        from From: "[String!]!" = "Types of entities at the start of its edges.";
        to To: "[String!]!" = "Types of entities at the end of its edges.";
        class Class: "String" = "IRI of its RDF property.";
        count Count: "Int!" = "Number of edges.";
        cardinality Cardinality: "Cardinality!" = "Number of edges that an entity at the start may have. If types differ, the least strict value.";
        inverseCardinality InverseCardinality: "Cardinality!" = "Number of edges that an entity at the end may have; `MANY` if there is no field at the end.";
        edgeType EdgeType: "String" = "Type of the properties of its edges; null if its edges have none.";
        properties Properties: "[PropertyInfo!]!" = "Properties of its edges, in the order of the schema.";
    }
    PropertyInfo "PropertyInfo": "A property of a type of entities, or of the edges of a relation." {
        name Name: "String!" = "Name in the schema.";
        description Description: "String" = "Description from the schema.";
        type Type: "String!" = "Type in the schema, such as `[String!]!`.";
        unique Unique: "Boolean!" = "Whether no two entities have the same value.";
        deprecated Deprecated: "String" = "Reason for its deprecation; null if it is not deprecated.";
        count Count: "Int!" = "Number of entities or edges with a value.\n\nThe cost grows with the number of entities of the type, or of edges of the relation.";
    }
    Path "Path": "A path between two entities." {
        length Length: "Int!" = "Number of edges.";
        cost Cost: "Float" = "Sum of the weights of its edges; null without the argument `weight`.";
        nodes Nodes: "[Entity!]!" = "The entities on the path, from start to end.";
        steps Steps: "[Link!]!" = "The edges of the path, from start to end.";
    }
    Subgraph "Subgraph": "A part of the graph." {
        nodes Nodes: "[Entity!]!" = "The entities, nearest first; at the same distance, sorted by type and id.";
        links Links: "[Link!]!" = "The edges between these entities, each once, from its start.";
        truncated Truncated: "Boolean!" = "Whether the farthest entities were left out because of `first`.";
        totalCount TotalCount: "Int!" = "Number of entities within the distance, including those that were left out.";
    }
    RankedEntity "RankedEntity": "An entity and its score." {
        entity Entity: "Entity!" = "The entity.";
        score Score: "Float!" = "The score.";
        exact Exact: "Boolean!" = "Whether the score is exact. On a large graph, it is estimated from a sample.";
    }
    Component "Component": "A connected component of the graph." {
        size Size: "Int!" = "Number of entities.";
        nodes Nodes: "EntityConnection!" (CHOICE, PAGE) = "The entities.";
    }
    SearchConnection "SearchConnection": "A page of the results of a search." {
        nodes Nodes: "[Entity!]!" = "The entities of this page.";
        edges Edges: "[SearchEdge!]!" = "The entities of this page, each with its score and matches.";
        pageInfo PageInfo: "PageInfo!" = "Position of this page.";
        totalCount TotalCount: "Int!" = "Number of results on all pages. With a filter, each candidate is tested.";
        aggregate Aggregate: "EntityAggregate!" = "Aggregates of all results on all pages. `groupBy` groups them by type.";
        ignored Ignored: "Int!" = "Number of words of `query` that were not searched. Usually 0: only the first 32 words (8 with `fuzzy`) and the first 1,024 bytes are searched.";
    }
    SearchEdge "SearchEdge": "A result of a search." {
        node Node: "Entity!" = "The entity.";
        cursor Cursor: "String!" = "Cursor of this edge, for use with `after` and `before`.";
        score Score: "Float!" = "Relevance of the result. Scores of different searches cannot be compared.";
        highlights Highlights: "[Highlight!]!" = "Fields and fragments that match.";
        matched Matched: "[Statement!]!" = "The statements whose text matches: first those equal to the whole query, then by rank. A former or disputed name can be recognized by its `rank` and `valid`.";
    }
    Highlight "Highlight": "Matching fragments of the text of one field." {
        field Field: "String!" = "The field of the schema.";
        fragments Fragments: "[String!]!" = "Up to three fragments of the text as HTML: matches are enclosed in `<mark>`, everything else is escaped.";
    }
    Suggestion "Suggestion": "An entity and the name that matches." {
        entity Entity: "Entity!" = "The entity.";
        text Text: "String!" = "The label or alias, in the language that matches.";
        field Field: "String!" = "The field with this name; `id` if the id serves as label.";
        start Start: "Int!" = "Start of the matching part in `text`, in UTF-16 code units as in JavaScript. Greater than 0 if the name begins with characters other than letters and digits.";
        end End: "Int!" = "End of the matching part in `text`, in UTF-16 code units.";
    }
    TimelineEntry "TimelineEntry": "A dated statement." {
        date Date: "Date!" = "The date: the value, the first date of the edge, or the validity.";
        entity Entity: "Entity!" = "The subject of the statement.";
        statement Statement: "Statement!" = "The statement.";
    }
    Conflict "Conflict": "A field of an entity for which sources state different values." {
        entity Entity: "Entity!" = "The entity.";
        field Field: "String!" = "The field of the schema.";
        statements Statements: "[Statement!]!" = "All statements. The first one is the one that the field returns.";
    }
    AggregateKey "AggregateKey": "The common value of a group's entities for one field." {
        field Field: "String!" = "The field that entities are grouped by.";
        value Value: "JSON" = "The value of a property; null for a relation, and if there is no value.";
        entity Entity: "Entity" = "The entity that a relation leads to; null for a property, and if there is no entity.";
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
        edge Edge: "{edge_aggregate}!" = "Aggregates of the properties of the edges to the items.";
        groupBy GroupBy: "[{group}!]!" (GROUPED) = "Groups with equal values of all fields of `by`, at most `first`. `having` keeps only groups that match. The largest come first unless `orderBy` is given; equal ones are in the order of their keys.";
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
        sum Sum: "{sum}" = "Sum of the values; null if there is none.";
        avg Avg: "{sum}" = "Mean of the values; null if there is none.";
    }
}

/// A connection of things that are not entities.
#[derive(Debug)]
pub struct ListingRow {
    /// The stem of the names of its types: `{name}Connection` and `{name}Edge`.
    pub name: &'static str,
    /// The type of its items.
    pub item: &'static str,
    /// The name of the items in descriptions.
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
    listing("Conflict", "Conflict", "conflicts"),
];
