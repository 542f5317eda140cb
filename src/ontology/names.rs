//! The names that the API generates from a schema, in one place: the compiler checks them for clashes,
//! the API uses them.

use heck::AsShoutySnakeCase;

use super::{Domain, EdgeTypeId, Ontology, RelationField, RootFields, Scalar};

/// Makes the names of generated types and fields.
#[derive(Debug, Clone, Copy)]
pub struct GeneratedNames<'a>(pub &'a Ontology);

/// The first letter in lower case; of an abbreviation at the start, all but the last (`URLPath` → `urlPath`). Underscores
/// stay, because `heck` would give the types `My_Type` and `MyType` one name.
pub(super) fn lower_camel(name: &str) -> String {
    let capitals = name.chars().take_while(char::is_ascii_uppercase).count();
    let lowered = match capitals {
        0 => return name.to_owned(),
        1 => 1,
        all if all == name.chars().count() => all,
        several => several - 1,
    };
    let (head, tail) = name.split_at(lowered);
    head.to_ascii_lowercase() + tail
}

/// The root fields of a type, its plural given or made by the rules of English.
pub(super) fn root_fields(name: &str, plural: Option<&str>) -> RootFields {
    let one = lower_camel(name);
    let many = plural.map_or_else(|| plural_of(&one), str::to_owned);
    RootFields { one, many }
}

/// Ends of words that only take an `s`, though they look like words that do otherwise: `man`, `ch`, `f`.
const REGULAR: &[&str] = &[
    "ataman",
    "brahman",
    "burman",
    "caiman",
    "cayman",
    "dragoman",
    "german",
    "hetman",
    "human",
    "mussulman",
    "norman",
    "ottoman",
    "roman",
    "shaman",
    "talisman",
    "abdomen",
    "acumen",
    "bitumen",
    "cyclamen",
    "foramen",
    "hymen",
    "lumen",
    "regimen",
    "rumen",
    "specimen",
    "stamen",
    "czech",
    "epoch",
    "eunuch",
    "hierarch",
    "loch",
    "matriarch",
    "monarch",
    "oligarch",
    "patriarch",
    "stomach",
    "tech",
    "triptych",
    "golf",
    "gulf",
];

/// Whole words that only take an `s`: the rules take them for pronouns and verbs, or for ends of other words.
const REGULAR_WORDS: &[&str] = &[
    "has", "he", "her", "herself", "himself", "his", "i", "is", "its", "itself", "me", "my", "myself", "oaf",
    "omen", "only", "she", "that", "them", "themself", "this", "thou", "was", "you", "yourself",
];

/// Ends of words that take `es`, which the rules do not know.
const SIBILANT: &[&str] = &["topaz", "tz", "virus"];

/// The plural by the rules of English, of the last word of a name in camel case.
fn plural_of(one: &str) -> String {
    let last = one.rfind(|it: char| it.is_ascii_uppercase() || it == '_');
    let word = one[last.unwrap_or(0)..]
        .trim_start_matches('_')
        .to_ascii_lowercase();
    let ends = |words: &[&str]| words.iter().any(|it| word.ends_with(it));
    if REGULAR_WORDS.contains(&word.as_str()) {
        let is_sibilant = word.ends_with('s');
        return format!("{one}{}", if is_sibilant { "es" } else { "s" });
    }
    if ends(REGULAR) {
        return format!("{one}s");
    }
    if ends(SIBILANT) {
        return format!("{one}es");
    }
    pluralizer::pluralize(one, 2, false)
}

/// `companyFounded` → `COMPANY_FOUNDED`.
pub(super) fn screaming(name: &str) -> String {
    AsShoutySnakeCase(name).to_string()
}

impl GeneratedNames<'_> {
    /// A page of a domain's entities: `PlaceConnection`, or `CampaignPartConnection` if the edges to them have
    /// properties. Root lists and relations share it.
    pub fn connection(self, domain: Domain, edge: Option<EdgeTypeId>) -> String {
        format!("{}Connection", self.stem(domain, edge))
    }

    /// An entry of such a page: `PlaceEdge`, `CampaignPartEdge`.
    pub fn edge(self, domain: Domain, edge: Option<EdgeTypeId>) -> String {
        format!("{}Edge", self.stem(domain, edge))
    }

    /// The filter on a domain's entities, and on the edges to them if these have properties: `PlaceFilter`,
    /// `CampaignPartFilter`.
    pub fn filter(self, domain: Domain, edge: Option<EdgeTypeId>) -> String {
        format!("{}Filter", self.stem(domain, edge))
    }

    /// The filter on how many of a relation's targets meet a condition: `PlaceRelationFilter`,
    /// `CampaignPartRelationFilter`.
    pub fn relation_filter(self, domain: Domain, edge: Option<EdgeTypeId>) -> String {
        format!("{}RelationFilter", self.stem(domain, edge))
    }

    /// The order of a domain's entities, and of the edges to them if these have properties: `PlaceOrder`,
    /// `CampaignPartOrder`.
    pub fn order(self, domain: Domain, edge: Option<EdgeTypeId>) -> String {
        format!("{}Order", self.stem(domain, edge))
    }

    /// The types of all lists of a domain's entities: what the five functions above give.
    pub fn of_lists(self, domain: Domain, edge: Option<EdgeTypeId>) -> [String; 5] {
        [
            self.connection(domain, edge),
            self.edge(domain, edge),
            self.filter(domain, edge),
            self.relation_filter(domain, edge),
            self.order(domain, edge),
        ]
    }

    /// The aggregates of a list of a domain's entities, and of the edges to them if these have properties:
    /// `OrganizationAggregate`, `CampaignPartAggregate`.
    pub fn aggregate(self, domain: Domain, edge: Option<EdgeTypeId>) -> String {
        format!("{}Aggregate", self.stem(domain, edge))
    }

    /// The aggregates of a relation's edge properties: `PartAggregate`.
    pub fn edge_aggregate(self, id: EdgeTypeId) -> String {
        format!("{}Aggregate", self.0.edge_types[id.index()].name)
    }

    /// A group of a domain's entities: `OrganizationGroup`.
    pub fn group(self, domain: Domain) -> String {
        format!("{}Group", self.0.name_of(domain))
    }

    /// By what a domain's entities can be grouped: `OrganizationGroupBy`.
    pub fn group_by(self, domain: Domain) -> String {
        format!("{}GroupBy", self.0.name_of(domain))
    }

    /// A condition on groups of a domain's entities: `OrganizationGroupFilter`.
    pub fn group_filter(self, domain: Domain) -> String {
        format!("{}GroupFilter", self.0.name_of(domain))
    }

    /// The order of groups of a domain's entities: `OrganizationGroupOrder`.
    pub fn group_order(self, domain: Domain) -> String {
        format!("{}GroupOrder", self.0.name_of(domain))
    }

    /// A condition on aggregates of values of a kind: `DateMeasuresFilter`.
    pub fn measures_filter(self, scalar: Scalar) -> String {
        format!("{}MeasuresFilter", self.0.scalar_name(scalar))
    }

    /// The figures about values of a kind: `DateMeasures`. An enum's are those of texts, in its order.
    pub fn measures(self, scalar: Scalar) -> String {
        format!("{}Measures", self.0.scalar_name(scalar))
    }

    /// The unique lookup of a type: `OrganizationUnique`.
    pub fn unique(self, domain: Domain) -> String {
        format!("{}Unique", self.0.name_of(domain))
    }

    /// The field beside a to-one relation that gives its edge: `headquartersEdge`.
    pub fn to_one_edge(self, field: &RelationField) -> String {
        format!("{}Edge", field.name)
    }

    /// The filter on a relation's edge properties: `HonourFilter`.
    pub fn edge_filter(self, id: EdgeTypeId) -> String {
        format!("{}Filter", self.0.edge_types[id.index()].name)
    }

    /// The order by a relation's edge properties: `HonourOrder`.
    pub fn edge_order(self, id: EdgeTypeId) -> String {
        format!("{}Order", self.0.edge_types[id.index()].name)
    }

    /// The filter on values of a kind, single or in a list: `DateFilter`, `DateListFilter`.
    pub fn scalar_filter(self, scalar: Scalar, list: bool) -> String {
        let list = if list { "List" } else { "" };
        format!("{}{list}Filter", self.0.scalar_name(scalar))
    }

    /// The stem of the names of a relation's types: the target, and the type of the edges if these have properties.
    fn stem(self, domain: Domain, edge: Option<EdgeTypeId>) -> String {
        let edge = edge.map_or("", |id| &self.0.edge_types[id.index()].name);
        format!("{}{edge}", self.0.name_of(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_fields_follow_the_type() {
        let names = |name| {
            let fields = root_fields(name, None);
            (fields.one, fields.many)
        };
        let pair = |one: &str, many: &str| (one.to_owned(), many.to_owned());
        assert_eq!(names("Organization"), pair("organization", "organizations"));
        assert_eq!(names("Person"), pair("person", "people"));
        assert_eq!(names("URLPath"), pair("urlPath", "urlPaths"));
        assert_eq!(names("Company"), pair("company", "companies"));
    }

    #[test]
    fn plurals_are_those_of_english() {
        for (one, many) in [
            ("german", "germans"),
            ("ethnicGerman", "ethnicGermans"),
            ("romanEmperor", "romanEmperors"),
            ("fictionalHuman", "fictionalHumans"),
            ("woman", "women"),
            ("policeman", "policemen"),
            ("specimen", "specimens"),
            ("omen", "omens"),
            ("women", "women"),
            ("monarch", "monarchs"),
            ("church", "churches"),
            ("epoch", "epochs"),
            ("gulf", "gulfs"),
            ("wolf", "wolves"),
            ("chief", "chiefs"),
            ("waltz", "waltzes"),
            ("virus", "viruses"),
            ("i", "is"),
            ("this", "thises"),
            ("day", "days"),
            ("city", "cities"),
            ("hero", "heroes"),
            ("analysis", "analyses"),
            ("child", "children"),
            ("chairPerson", "chairPeople"),
        ] {
            assert_eq!(plural_of(one), many);
        }
    }

    #[test]
    fn a_relation_is_named_after_its_field() {
        assert_eq!(screaming("headquarters"), "HEADQUARTERS");
        assert_eq!(screaming("foundedBy"), "FOUNDED_BY");
    }
}
