use super::Severity;

/// The stable code of a kind of problem: `E01…` schema, `E02…` data, `W…` warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)+) => {
        impl Code {
            $($(#[doc = $doc])+ pub const $name: Code = Code($code);)+

            /// Every code with its one-line meaning, in order.
            pub const ALL: &'static [(Code, &'static str)] = &[$((Code($code), concat!($($doc),+)),)+];
        }
    };
}

codes! {
    /// The file is not GraphQL SDL.
    SYNTAX = "E0101";
    /// A type that nothing defines.
    UNKNOWN_TYPE = "E0102";
    /// A name that is defined twice.
    DUPLICATE_DEFINITION = "E0103";
    /// A directive that does not exist.
    UNKNOWN_DIRECTIVE = "E0104";
    /// A directive's argument that is unknown, missing, given twice or of a wrong kind.
    DIRECTIVE_ARGUMENT = "E0105";
    /// A directive in a place where it means nothing, or twice in one place.
    DIRECTIVE_PLACE = "E0106";
    /// A field that an interface asks for is missing.
    INTERFACE_FIELD_MISSING = "E0107";
    /// A field has another type than its interface says.
    INTERFACE_FIELD_TYPE = "E0108";
    /// The interfaces of an interface are missing or form a cycle.
    INTERFACE_HIERARCHY = "E0109";
    /// A type without any field, value or member.
    EMPTY_TYPE = "E0110";
    /// A name that begins with two underscores.
    RESERVED_NAME = "E0111";
    /// A union member that is not an entity type.
    UNION_MEMBER = "E0112";
    /// Another rule of GraphQL's type system is broken.
    GRAPHQL_RULE = "E0113";
    /// The name of a type that Clew itself defines.
    BUILT_IN_TYPE = "E0114";
    /// A field takes the name of one that Clew generates, with another type.
    GENERATED_FIELD = "E0115";
    /// Two generated names are the same.
    GENERATED_CLASH = "E0116";
    /// A field that ends in entities but is not a relation.
    NOT_A_RELATION = "E0117";
    /// `@relation` on a field that does not end in entities.
    RELATION_TO_VALUE = "E0118";
    /// An inverse that is not a field of a relation leading back.
    INVERSE_MISMATCH = "E0119";
    /// Two relations claim one inverse.
    INVERSE_CLAIMED_TWICE = "E0120";
    /// A symmetric relation with an inverse of another name, or whose ends differ.
    SYMMETRIC = "E0121";
    /// A transitive relation whose ends differ.
    TRANSITIVE = "E0122";
    /// `edge` names a type that is not an `@edge` type.
    UNKNOWN_EDGE_TYPE = "E0123";
    /// An edge type used as an entity.
    EDGE_AS_ENTITY = "E0124";
    /// A field of an edge type that is not a value.
    EDGE_FIELD = "E0125";
    /// One relation declared in two ways.
    RELATION_DIFFERS = "E0126";
    /// One relation on two fields of a type, in the same direction.
    RELATION_TWICE = "E0127";
    /// `@search` on a field that is not text.
    SEARCH_NOT_TEXT = "E0128";
    /// `@unique` or `@index` on a field whose values have no order.
    INDEX_NOT_SCALAR = "E0129";
    /// `label` names no text property.
    LABEL = "E0130";
    /// A plural that is not a name, or that is the singular.
    PLURAL = "E0131";
    /// A class that is not an IRI.
    CLASS_IRI = "E0132";
    /// A field with arguments.
    FIELD_ARGUMENTS = "E0133";
    /// A definition that has no place in the schema of a graph.
    OUT_OF_PLACE = "E0134";
    /// A list of lists.
    NESTED_LIST = "E0135";
    /// A relation's name is not a GraphQL name.
    RELATION_NAME = "E0136";
    /// The schema has no entity type.
    NO_ENTITY_TYPE = "E0137";
    /// A schema file or folder cannot be read.
    SCHEMA_UNREADABLE = "E0138";
    /// A field whose name the data format uses itself.
    DATA_WORD = "E0139";
    /// A name that means something else where it would be used.
    UNUSABLE_NAME = "E0140";
    /// More definitions of a kind than a schema can have.
    TOO_MANY_DEFINITIONS = "E0141";

    /// A data file or folder cannot be read.
    DATA_UNREADABLE = "E0201";
    /// The file is not YAML.
    YAML_SYNTAX = "E0202";
    /// The line is not JSON.
    JSON_SYNTAX = "E0203";
    /// A duplicate key.
    DUPLICATE_KEY = "E0204";
    /// Bytes that are not UTF-8.
    NOT_UTF8 = "E0205";
    /// A compressed file that ends too early or is damaged.
    DAMAGED_ARCHIVE = "E0206";
    /// A part of the file that does not have the form of facts.
    SHAPE = "E0207";
    /// A type that the schema does not have.
    UNKNOWN_ENTITY_TYPE = "E0208";
    /// A type that entities cannot have: an interface, a union, an edge type.
    NOT_AN_ENTITY_TYPE = "E0209";
    /// A field that the type does not have.
    UNKNOWN_FIELD = "E0210";
    /// An id that is defined twice.
    DUPLICATE_ID = "E0211";
    /// An id that is not URL-safe, or not in Unicode's form NFC.
    BAD_ID = "E0212";
    /// A reference to an id that nothing defines.
    UNKNOWN_ID = "E0213";
    /// An edge that ends in an entity of a wrong type.
    WRONG_TARGET = "E0214";
    /// An edge that begins at an entity of a wrong type.
    WRONG_START = "E0215";
    /// A relation that the schema does not have.
    UNKNOWN_RELATION = "E0216";
    /// A value of another kind than the field's.
    WRONG_VALUE = "E0217";
    /// A number that does not fit.
    NUMBER_RANGE = "E0218";
    /// An invalid date.
    BAD_DATE = "E0219";
    /// A value that the enum does not have.
    UNKNOWN_ENUM_VALUE = "E0220";
    /// A required field without a value.
    MISSING_VALUE = "E0221";
    /// Several values for a field that has one.
    SEVERAL_VALUES = "E0222";
    /// Two entities have the same value for a unique property.
    NOT_UNIQUE = "E0223";
    /// A property that the relation's edges do not have.
    UNKNOWN_EDGE_PROPERTY = "E0224";
    /// A citation whose source is not a `Source`.
    BAD_SOURCE = "E0225";
    /// A locator that does not exist in its source.
    BAD_LOCATOR = "E0226";
    /// A rank that is not one of the three.
    BAD_RANK = "E0227";
    /// A validity that is not a span of dates.
    BAD_VALIDITY = "E0228";
    /// A value that is not a URL, or whose scheme is not allowed.
    BAD_URL = "E0229";
    /// The structure of a source that is not a list of sections.
    BAD_STRUCTURE = "E0230";
    /// More than a graph can hold.
    TOO_MUCH = "E0231";
    /// Loading would take more memory than the process may hold.
    MEMORY = "E0232";
    /// A text in a language whose tag is not one of BCP 47.
    BAD_LANGUAGE = "E0240";

    /// A cycle in a transitive relation.
    TRANSITIVE_CYCLE = "W0301";
    /// Entities that nothing links to and that link to nothing.
    ISOLATED = "W0302";
    /// A duplicate edge.
    EDGE_TWICE = "W0303";
    /// A file in the folder of the data or the schema that is not read because of its name.
    IGNORED_FILE = "W0304";
    /// A locator that is the id of a source.
    LOCATOR_IS_SOURCE = "W0305";
    /// A data folder without data.
    NO_DATA = "W0306";
    /// An example or a document of a manifest that is not a query of this graph.
    BAD_QUERY = "W0307";
    /// A language tag that is not registered.
    LANGUAGE_TAG = "W0308";
    /// References that were not checked, because a file could not be read.
    NOT_CHECKED = "W0309";
    /// An entity whose label is an empty text.
    EMPTY_LABEL = "W0310";
    /// An alias, an identifier or the title of an example that is there twice.
    REPEATED = "W0311";
}

impl Code {
    /// Whether a part of the data is not read because of it.
    pub fn leaves_unread(self) -> bool {
        [
            Self::DATA_UNREADABLE,
            Self::YAML_SYNTAX,
            Self::JSON_SYNTAX,
            Self::DUPLICATE_KEY,
            Self::NOT_UTF8,
            Self::DAMAGED_ARCHIVE,
        ]
        .contains(&self)
    }

    /// Whether a problem of this kind stops the graph from being served.
    pub fn severity(self) -> Severity {
        if self.0.starts_with('W') {
            Severity::Warning
        } else {
            Severity::Error
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
