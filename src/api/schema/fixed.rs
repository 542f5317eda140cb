//! Types that every graph has: scalars, pages, provenance, what the graph holds.

use async_graphql::dynamic::{Enum, EnumItem, Interface, Scalar as ScalarType};

use super::{FieldSpec, Generator, list, named, object, required, sealed};
use crate::ontology::{Direction, Domain};

impl Generator<'_> {
    /// Types that every graph has.
    pub(super) fn fixed(&mut self) {
        let scalar = |name: &str, description: &str| ScalarType::new(name).description(description);
        self.add(scalar("Date", "A date with its precision, or an interval of two: `1996`, `1996-08`, `1996-08-27`, `2009/2012` (EDTF level 0). Dates compare by the span of days that they cover.").specified_by_url("https://www.loc.gov/standards/datetime/"));
        self.add(
            scalar("DateTime", "A point in time, such as `1996-08-27T10:00:00Z`.")
                .specified_by_url("https://www.rfc-editor.org/rfc/rfc3339"),
        );
        self.add(
            scalar(
                "URL",
                "An absolute URL with the scheme `http`, `https`, `mailto`, `urn` or `doi`.",
            )
            .specified_by_url("https://url.spec.whatwg.org/"),
        );
        self.add(scalar(
            "Text",
            "A text that may be given in several languages; the argument `lang` of its field chooses.",
        ));
        self.add(scalar(
            "Decimal",
            "A decimal number of any precision, written as a string so that no digit is lost.",
        ));
        self.add(
            scalar("JSON", "Any JSON value.").specified_by_url("https://www.rfc-editor.org/rfc/rfc8259"),
        );
        let item = |name: &str, description: &str| EnumItem::new(name).description(description);
        self.add(
            Enum::new("Rank")
                .description("How far a statement is trusted against others about the same thing.")
                .item(item("PREFERRED", "The one to give."))
                .item(item("NORMAL", "As good as any."))
                .item(item(
                    "DEPRECATED",
                    "Known to be wrong or outdated; kept, because a source says it.",
                )),
        );
        self.add(
            Enum::new("Direction")
                .description("Which way edges are walked.")
                .item(item("OUT", "From where they begin to where they end."))
                .item(item("IN", "From where they end to where they begin."))
                .item(item("BOTH", "Either way.")),
        );
        self.add(
            Enum::new("SortOrder")
                .description("Which values come first. Missing values come last unless it says otherwise; ties are always put in the order of the ids.")
                .item(item("ASC", "Smallest first, missing values last."))
                .item(item("DESC", "Greatest first, missing values last."))
                .item(item("ASC_NULLS_FIRST", "Missing values first, then smallest first."))
                .item(item("ASC_NULLS_LAST", "Smallest first, missing values last."))
                .item(item("DESC_NULLS_FIRST", "Missing values first, then greatest first."))
                .item(item("DESC_NULLS_LAST", "Greatest first, missing values last.")),
        );
        let types = self.ontology.types.iter().fold(
            Enum::new("EntityType").description("The types of entities in this graph."),
            |all, it| {
                let item = EnumItem::new(&it.name);
                all.item(match &it.description {
                    Some(text) => item.description(sealed(text)),
                    None => item,
                })
            },
        );
        self.add(types);
        if !self.ontology.relations.is_empty() {
            let relations = self.ontology.relation_ids().fold(
                Enum::new("RelationName").description("The relations of this graph."),
                |all, id| {
                    let description = self.relation_description(id);
                    all.item(
                        EnumItem::new(&self.ontology.relation(id).name).description(sealed(&description)),
                    )
                },
            );
            self.add(relations);
        }
        self.add(object(
            "PageInfo",
            "Where a page stands in the whole list.",
            vec![
                FieldSpec::new(
                    "hasNextPage",
                    required("Boolean"),
                    "Whether more follow after this page.",
                ),
                FieldSpec::new(
                    "hasPreviousPage",
                    required("Boolean"),
                    "Whether some come before this page.",
                ),
                FieldSpec::new(
                    "startCursor",
                    named("String"),
                    "The cursor of the first on this page; null on an empty one.",
                ),
                FieldSpec::new(
                    "endCursor",
                    named("String"),
                    "The cursor of the last on this page; null on an empty one.",
                ),
            ],
        ));
        self.provenance();
        self.graph_info();
        let id = || {
            FieldSpec::new(
                "id",
                required("ID"),
                "The id: unique in the whole graph, stable, safe in URLs. As of a date, `<entityId>?asOf=<date>`.",
            )
        };
        self.add(
            Interface::new("Node")
                .description("Anything that has an id, as Relay has it.")
                .field(id().on_interface()),
        );
    }

    fn relation_description(&self, id: crate::ontology::RelationId) -> String {
        let relation = self.ontology.relation(id);
        let first = self.ontology.type_ids().find_map(|it| {
            let no = relation.field(it, Direction::Out)?;
            Some((it, no))
        });
        let Some((start, no)) = first else {
            return String::new();
        };
        let start_type = self.ontology.entity_type(start);
        let field = start_type.members.field(no);
        let target = self.ontology.name_of(field.seen);
        let inverse = match &relation.inverse {
            Some(inverse) => format!(", seen from there as `{inverse}`"),
            None if relation.symmetric => ", the same from both sides".to_owned(),
            None => String::new(),
        };
        let text = field
            .description
            .as_ref()
            .map_or_else(String::new, |it| format!("{it}\n\n"));
        format!(
            "{text}`{}.{}` leads to {target}{inverse}.",
            field.owner, field.name
        )
    }

    fn provenance(&mut self) {
        self.add(object(
            "Citation",
            "One place in a source that says so.",
            vec![
                FieldSpec::new("source", required("Source"), "The source."),
                FieldSpec::new(
                    "locator",
                    named("String"),
                    "The place in it: a section, paragraph and sentence (`history/2/1`), a page, a URL.",
                ),
                FieldSpec::new("note", named("String"), "A remark of who entered the fact."),
            ],
        ));
        self.add(object(
            "Validity",
            "When a statement holds. An end that is not known is null.",
            vec![
                FieldSpec::new("from", named("Date"), "From when."),
                FieldSpec::new("until", named("Date"), "Until when."),
            ],
        ));
        self.add(object(
            "Statement",
            "One thing that the graph says of an entity: a value of a property, or an edge to another entity, with where it comes from.",
            vec![
                FieldSpec::new("field", required("String"), "The schema's field on this side. An edge that this side has no field for is named by the other side's, after a `^`."),
                FieldSpec::new("value", named("JSON"), "The value of a property; null for an edge."),
                FieldSpec::new("target", named("Entity"), "The entity at the other end of an edge; null for a property."),
                FieldSpec::new("edge", named("JSON"), "The edge's own properties; null where its relation has none."),
                FieldSpec::new("rank", required("Rank"), "How far it is trusted against others about the same thing."),
                FieldSpec::new("valid", named("Validity"), "When it holds; null where nothing is said of it."),
                FieldSpec::new("citations", list("Citation"), "Where it comes from; empty where no source is given."),
            ],
        ));
        let mut link = vec![
            FieldSpec::new(
                "from",
                required("Entity"),
                "The entity that the link was asked of.",
            ),
            FieldSpec::new("to", required("Entity"), "The entity at the other end."),
            FieldSpec::new("relation", required("String"), "The relation's name."),
            FieldSpec::new(
                "field",
                required("String"),
                "The schema's field on the side of `from`. Where it has none, the other side's after a `^`.",
            ),
            FieldSpec::new(
                "forward",
                required("Boolean"),
                "Whether the edge was stored this way round.",
            ),
            FieldSpec::new(
                "edge",
                named("JSON"),
                "The edge's own properties; null where its relation has none.",
            ),
        ];
        link.push(FieldSpec::new(
            "statement",
            required("Statement"),
            "The edge as a statement about `from`, with where it comes from.",
        ));
        self.add(object("Link", "An edge, seen from one of its ends.", link));
        self.listing_types("Statement", "Statement", "statements", true);
        self.listing_types("Link", "Link", "links", true);
    }

    fn graph_info(&mut self) {
        let sources = self.list_arguments(Domain::Type(self.ontology.source_type));
        self.add(object(
            "GraphInfo",
            "What this graph is and holds.",
            vec![
                FieldSpec::new("title", named("String"), "What the graph is called."),
                FieldSpec::new("description", named("String"), "What it is about."),
                FieldSpec::new(
                    "licence",
                    named("String"),
                    "Under which terms its data may be used.",
                ),
                FieldSpec::new("url", named("String"), "Where it is described."),
                FieldSpec::new(
                    "revision",
                    required("String"),
                    "Which data and schema it was built from: the same files give the same revision.",
                ),
                FieldSpec::new(
                    "entityCount",
                    required("Int"),
                    "How many entities it has, sources among them.",
                ),
                FieldSpec::new("edgeCount", required("Int"), "How many edges it has."),
                FieldSpec::new(
                    "statementCount",
                    required("Int"),
                    "How many statements it makes: values and edges.",
                ),
                FieldSpec::new("sourceCount", required("Int"), "How many sources it has."),
                FieldSpec::new("citationCount", required("Int"), "How many citations it has."),
                FieldSpec::new(
                    "componentCount",
                    required("Int"),
                    "Number of connected components, without sources that no edge leads to or from. `components` lists those sources too, each as a part of one.",
                ),
                FieldSpec::new("types", list("TypeInfo"), "The types of its entities."),
                FieldSpec::new("relations", list("RelationInfo"), "Its relations."),
                FieldSpec::new(
                    "sources",
                    required(
                        self.names
                            .root_connection(Domain::Type(self.ontology.source_type)),
                    ),
                    "Its sources.",
                )
                .with(sources),
                FieldSpec::new(
                    "examples",
                    list("ExampleQuery"),
                    "Queries that show what can be asked of it.",
                ),
            ],
        ));
        self.add(object(
            "ExampleQuery",
            "A query that shows what can be asked of this graph.",
            vec![
                FieldSpec::new("title", required("String"), "The question in words."),
                FieldSpec::new("query", required("String"), "The question in GraphQL."),
            ],
        ));
        self.add(object(
            "TypeInfo",
            "A type of entities.",
            vec![
                FieldSpec::new("name", required("String"), "Its name."),
                FieldSpec::new("description", named("String"), "What the schema says of it."),
                FieldSpec::new("class", named("String"), "The IRI of its RDF class."),
                FieldSpec::new(
                    "count",
                    required("Int"),
                    "How many entities of this type there are.",
                ),
            ],
        ));
        self.add(object(
            "RelationInfo",
            "A relation between entities.",
            vec![
                FieldSpec::new("name", required("String"), "Its name."),
                FieldSpec::new(
                    "field",
                    required("String"),
                    "The field that an entity at the start of an edge has.",
                ),
                FieldSpec::new(
                    "inverse",
                    named("String"),
                    "The field that an entity at the end of an edge has; null where it has none.",
                ),
                FieldSpec::new(
                    "symmetric",
                    required("Boolean"),
                    "Whether an edge holds both ways.",
                ),
                FieldSpec::new(
                    "transitive",
                    required("Boolean"),
                    "Whether it may be followed over several edges as one.",
                ),
                FieldSpec::new("from", list("String"), "The types that its edges begin at."),
                FieldSpec::new("to", list("String"), "The types that its edges end in."),
                FieldSpec::new("class", named("String"), "The IRI of its RDF property."),
                FieldSpec::new("count", required("Int"), "How many edges it has."),
            ],
        ));
    }
}
