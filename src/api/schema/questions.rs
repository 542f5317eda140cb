//! Questions about the graph as a whole: their fields, arguments and types.

use async_graphql::dynamic::{Enum, EnumItem, InputValue};

use super::{
    FieldSpec, Generator, as_of, input, list, listing_page_fields, named, object, optional_list,
    page_arguments, required,
};
use crate::plan::{DEFAULT_HOPS, DEFAULT_PAGE, DEFAULT_RANKED, DEFAULT_SURROUNDINGS, Ranking, Similarity};

impl Generator<'_> {
    /// The arguments that say which edges are walked, and past which entities.
    fn walk_arguments(&self, direction: &str) -> Vec<InputValue> {
        let mut arguments = Vec::new();
        if !self.ontology.relations.is_empty() {
            arguments.push(input(
                "via",
                optional_list("RelationName"),
                "Only over these relations.",
            ));
        }
        arguments.push(input("direction", named("Direction"), direction));
        arguments.push(input("avoid", optional_list("ID"), "Past these entities."));
        arguments.push(input(
            "avoidTypes",
            optional_list("EntityType"),
            "Past all entities of these types.",
        ));
        arguments.push(as_of());
        arguments
    }

    fn path_arguments(&self) -> Vec<InputValue> {
        let mut arguments = vec![
            input("from", required("ID"), "The id of the entity that it begins at."),
            input("to", required("ID"), "The id of the entity that it ends at."),
        ];
        arguments.extend(self.walk_arguments("Which way edges are walked; both ways where it is not given."));
        arguments.push(input("maxHops", named("Int"), "At most so many edges.").default_value(DEFAULT_HOPS));
        arguments.push(input(
            "weight",
            named("String"),
            "The property of edges that says what each counts, a number of 0 or more; an edge without it counts 1. The cheapest path is then the shortest.",
        ));
        arguments
    }

    /// The root fields.
    pub(super) fn questions(&mut self) -> Vec<FieldSpec> {
        self.question_types();
        self.statement_question_types();
        self.search_types();
        let either = "Which way edges are walked; both ways where it is not given.";
        let first = |default: usize| input("first", named("Int"), "At most so many.").default_value(default);
        let mut neighborhood = vec![
            input("of", list("ID"), "The ids of the entities in the middle."),
            input("hops", named("Int"), "Over at most so many edges.").default_value(1),
        ];
        neighborhood.extend(self.walk_arguments(either));
        neighborhood.push(first(DEFAULT_SURROUNDINGS));
        let only = || {
            input(
                "types",
                optional_list("EntityType"),
                "Only entities of these types are given; all take part.",
            )
        };
        let mut ranking = vec![input("by", required("RankingMethod"), "By what."), only()];
        ranking.extend(self.walk_arguments(
            "Which way edges are walked. Where it is not given: from their start to their end for `PAGE_RANK`, both ways for the others.",
        ));
        ranking.push(first(DEFAULT_RANKED));
        let mut similar = vec![
            input(
                "to",
                required("ID"),
                "The id of the entity that others are compared with.",
            ),
            input("by", named("SimilarityMethod"), "By what.")
                .default_value(async_graphql::Value::Enum(async_graphql::Name::new("JACCARD"))),
            only(),
        ];
        similar.extend(self.walk_arguments(either));
        similar.push(first(DEFAULT_RANKED));
        let mut components = vec![
            input(
                "strong",
                named("Boolean"),
                "Whether each entity of a part must reach each other one along the edges' direction; where it is not given, they need only be connected.",
            ),
            input(
                "types",
                optional_list("EntityType"),
                "Only entities of these types, and the edges between them.",
            ),
        ];
        components.extend(self.walk_arguments("Which way edges are walked, for strong components; from their start to their end where it is not given."));
        components.push(first(DEFAULT_RANKED));
        let after = input("after", named("String"), "Only what comes after this cursor.");
        let mut fields = vec![
            FieldSpec::new("path", named("Path"), "A shortest path between two entities; null where there is none. It is searched for from both ends; the costs grow with the edges within half its length.")
                .with(self.path_arguments()),
            FieldSpec::new("paths", named("PathConnection"), "The simple paths between two entities, the shortest first: no entity is on one twice, and parallel edges make paths of their own. Each further page costs all that were before it.")
                .with(self.path_arguments())
                .with([first(DEFAULT_PAGE), after]),
            FieldSpec::new("neighborhood", required("Subgraph"), "What surrounds some entities: all that lies within so many edges, and the edges between. Costs as much as there are edges within that distance, whatever `first` keeps.")
                .with(neighborhood),
            FieldSpec::new("ranking", list("RankedEntity"), "The entities that matter most, the greatest score first. Costs at least as much as the graph has edges.")
                .with(ranking),
            FieldSpec::new("similar", list("RankedEntity"), "The entities that are most like one, because they share neighbours with it: the most alike first, those that share none left out. Costs as much as there are edges within two of it.")
                .with(similar),
            FieldSpec::new("components", list("Component"), "The parts that the graph falls into, the largest first. An entity without edges is a part of one, also a source, which `graph { componentCount }` leaves out. Costs as much as the graph has edges.")
                .with(components),
        ];
        fields.push(Self::search_field());
        fields.extend(Self::statement_questions());
        fields
    }

    fn statement_questions() -> [FieldSpec; 2] {
        let timeline = [
            input(
                "of",
                named("ID"),
                "The id of the entity; all entities where it is not given.",
            ),
            input("from", named("Date"), "Only what is not over before this."),
            input("until", named("Date"), "Only what has begun by this."),
            as_of(),
        ];
        let conflicts = [
            input(
                "types",
                optional_list("EntityType"),
                "Only about entities of these types.",
            ),
            input(
                "fields",
                optional_list("String"),
                "Only about these fields of the schema.",
            ),
            as_of(),
        ];
        [
            FieldSpec::new("timeline", named("TimelineConnection"), "Dated statements in order: those whose value is a date, whose edge has one, or that say when they hold. Values of type `DateTime` are left out. Costs as much as the entity, or the whole graph, has statements.")
                .with(timeline)
                .with(page_arguments()),
            FieldSpec::new("conflicts", named("ConflictConnection"), "Fields of which sources say different things of one time. The field itself gives the preferred statement: by rank, then the one that holds latest, then the one that the data say first. Costs as much as the graph has entities.")
                .with(conflicts)
                .with(page_arguments()),
        ]
    }

    fn search_field() -> FieldSpec {
        FieldSpec::new("search", named("SearchConnection"), "The entities in whose texts something is found, the best first (BM25; what serves as label counts most): what has all words, or where nothing has, what has any. Case and diacritics do not matter; texts whose language is known are searched by their words' stems. Costs as much as it finds.")
            .with([
                input(
                    "query",
                    required("String"),
                    "What to search for, whatever it is: words, `\"words one after the other\"`, the beginning of a wor*.",
                ),
                input("types", optional_list("EntityType"), "Only entities of these types."),
                input(
                    "fuzzy",
                    named("Boolean"),
                    "Whether words with a wrong letter are found: one in words of four to seven letters, two in longer ones.",
                )
                .default_value(false),
                as_of(),
            ])
            .with(page_arguments())
    }

    fn search_types(&mut self) {
        let mut fields = vec![
            FieldSpec::new("nodes", list("Entity"), "The entities of this page."),
            FieldSpec::new(
                "edges",
                list("SearchEdge"),
                "The entities of this page, each with how well it fits, and where.",
            ),
        ];
        fields.extend(listing_page_fields("entities that were found", true));
        fields.push(FieldSpec::new(
            "ignored",
            required("Int"),
            "Number of words of `query` that were not searched. Usually 0: only the first 32 words (8 with `fuzzy`) and the first 1,024 bytes are searched.",
        ));
        self.add(object(
            "SearchConnection",
            "A page of what a search finds.",
            fields,
        ));
        self.add(object(
            "SearchEdge",
            "An entity that was found.",
            vec![
                FieldSpec::new("node", required("Entity"), "The entity."),
                FieldSpec::new(
                    "cursor",
                    required("String"),
                    "Its place in the list, for `after` and `before`.",
                ),
                FieldSpec::new(
                    "score",
                    required("Float"),
                    "How well it fits; scores compare within one search only.",
                ),
                FieldSpec::new("highlights", list("Highlight"), "Where it was found."),
                FieldSpec::new(
                    "matched",
                    list("Statement"),
                    "The statements in which words of the query were found, those of the best rank first: a former or disputed name is recognized by its `rank` and `valid`.",
                ),
            ],
        ));
        self.add(object(
            "Highlight",
            "Pieces of one field's text in which something was found.",
            vec![
                FieldSpec::new("field", required("String"), "The schema's field."),
                FieldSpec::new(
                    "fragments",
                    list("String"),
                    "Up to three pieces of its text as HTML: what was found stands in `<mark>`, all else is escaped.",
                ),
            ],
        ));
    }

    fn statement_question_types(&mut self) {
        self.add(object(
            "TimelineEntry",
            "A dated statement.",
            vec![
                FieldSpec::new(
                    "date",
                    required("Date"),
                    "The date that it is about: its value, the first date of its edge, or when it holds.",
                ),
                FieldSpec::new("entity", required("Entity"), "The entity that it is about."),
                FieldSpec::new("statement", required("Statement"), "The statement."),
            ],
        ));
        self.listing_types("Timeline", "TimelineEntry", "dated statements", true);
        self.add(object(
            "Conflict",
            "A field of an entity of which sources say different things.",
            vec![
                FieldSpec::new("entity", required("Entity"), "The entity."),
                FieldSpec::new("field", required("String"), "The schema's field."),
                FieldSpec::new(
                    "statements",
                    list("Statement"),
                    "All that is said, what the field gives first.",
                ),
            ],
        ));
        self.listing_types("Conflict", "Conflict", "disagreements", true);
    }

    fn question_types(&mut self) {
        let item = |name: &str, description: &str| EnumItem::new(name).description(description);
        let methods = Enum::new("RankingMethod").description("By what entities are ranked.");
        let methods = Ranking::NAMES
            .iter()
            .fold(methods, |all, (name, _, description)| {
                all.item(item(name, description))
            });
        self.add(methods);
        let methods = Enum::new("SimilarityMethod").description("By what entities are alike.");
        let methods = Similarity::NAMES
            .iter()
            .fold(methods, |all, (name, _, description)| {
                all.item(item(name, description))
            });
        self.add(methods);
        self.add(object(
            "Path",
            "How two entities are connected.",
            vec![
                FieldSpec::new("length", required("Int"), "How many edges it has."),
                FieldSpec::new(
                    "cost",
                    named("Float"),
                    "The sum of its edges' weights; null where no `weight` was asked for.",
                ),
                FieldSpec::new(
                    "nodes",
                    list("Entity"),
                    "The entities on it, from one end to the other.",
                ),
                FieldSpec::new("steps", list("Link"), "Its edges, each in walking order."),
            ],
        ));
        self.listing_types("Path", "Path", "paths", false);
        self.add(object(
            "Subgraph",
            "A part of the graph.",
            vec![
                FieldSpec::new(
                    "nodes",
                    list("Entity"),
                    "Its entities: the nearest first, those of one distance by type and id.",
                ),
                FieldSpec::new(
                    "links",
                    list("Link"),
                    "The edges between its entities, each once, from its start.",
                ),
                FieldSpec::new(
                    "truncated",
                    required("Boolean"),
                    "Whether entities were left out because `first` allowed no more; the farthest are.",
                ),
                FieldSpec::new(
                    "totalCount",
                    required("Int"),
                    "How many entities lie within the distance, those that were left out among them.",
                ),
            ],
        ));
        self.add(object(
            "RankedEntity",
            "An entity and its score.",
            vec![
                FieldSpec::new("entity", required("Entity"), "The entity."),
                FieldSpec::new("score", required("Float"), "Its score."),
                FieldSpec::new(
                    "exact",
                    required("Boolean"),
                    "Whether the score is exact; otherwise it is estimated from a sample, since all would take too long.",
                ),
            ],
        ));
        let page = self.found_arguments();
        self.add(object(
            "Component",
            "A part of the graph that no edge connects with the rest.",
            vec![
                FieldSpec::new("size", required("Int"), "How many entities it has."),
                FieldSpec::new("nodes", required("EntityConnection"), "Its entities.").with(page),
            ],
        ));
    }

    /// The connection of a listing and its edges.
    pub(super) fn listing_types(&mut self, name: &str, item: &str, of: &str, countable: bool) {
        let connection = format!("{name}Connection");
        let edge = format!("{name}Edge");
        let mut fields = vec![
            FieldSpec::new("nodes", list(item), format!("The {of} of this page.")),
            FieldSpec::new(
                "edges",
                list(edge.as_str()),
                format!("The {of} of this page, each with its cursor."),
            ),
        ];
        fields.extend(listing_page_fields(of, countable));
        self.add(object(&connection, format!("A page of {of}."), fields));
        let fields = vec![
            FieldSpec::new("node", required(item), format!("One of the {of}.")),
            FieldSpec::new(
                "cursor",
                required("String"),
                "Its place in the list, for `after` and `before`.",
            ),
        ];
        self.add(object(
            &edge,
            format!("One of the {of} and its place in the list."),
            fields,
        ));
    }
}
