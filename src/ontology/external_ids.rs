//! Names from elsewhere: the prefixes of other systems' identifiers, and the fields that every entity gets for such names.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

use apollo_compiler::ast::DirectiveList;
use apollo_compiler::parser::SourceSpan;

use super::context::{Compiler, argument};
use super::{
    BuiltIn, Domain, ENTITY, Interface, InterfaceId, Member, Members, Ontology, Property, PropertyNo, Scalar,
    URL_SCHEMES,
};
use crate::report::{Code, Report, quoted_list};

/// The property of a built-in field.
fn property(built_in: BuiltIn) -> Property {
    let is_alias = built_in == BuiltIn::Aliases;
    Property {
        name: built_in.name().to_owned(),
        description: None,
        deprecated: None,
        scalar: if is_alias { Scalar::Text } else { Scalar::Url },
        list: true,
        required: true,
        item_required: true,
        search: is_alias,
        unique: false,
        index: false,
        built_in: Some(built_in),
    }
}

/// A short name for the beginning of IRIs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// The short name.
    pub name: String,
    /// How the IRIs begin.
    pub iri: String,
}

/// The prefixes of a schema.
#[derive(Debug, Default)]
pub struct Prefixes {
    all: Vec<Prefix>,
    by_name: HashMap<String, usize>,
    by_iri: HashMap<String, usize>,
    /// The lengths of the IRIs, the longest first, each once.
    lengths: Vec<usize>,
}

impl Hash for Prefixes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.all.hash(state);
    }
}

impl Prefixes {
    fn of(all: Vec<Prefix>) -> Self {
        let places = |text: fn(&Prefix) -> &String| {
            // The first of several is the one that is found.
            let each = all.iter().enumerate().rev();
            each.map(|(at, it)| (text(it).clone(), at)).collect()
        };
        let mut lengths: Vec<usize> = all.iter().map(|it| it.iri.len()).collect();
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        lengths.dedup();
        Self {
            by_name: places(|it| &it.name),
            by_iri: places(|it| &it.iri),
            lengths,
            all,
        }
    }

    /// The prefixes in the order of the schema.
    pub fn all(&self) -> &[Prefix] {
        &self.all
    }

    /// The IRI that a text means: a CURIE is expanded, any other text is returned unchanged.
    pub fn expand<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some((name, rest)) = text.split_once(':') else {
            return Cow::Borrowed(text);
        };
        match self.by_name.get(name) {
            // Two slashes only follow the scheme of an IRI.
            Some(at) if !rest.starts_with("//") => Cow::Owned(format!("{}{rest}", self.all[*at].iri)),
            _ => Cow::Borrowed(text),
        }
    }

    /// The longest prefix that an IRI begins with, and the rest. The whole IRI where there is none.
    pub fn split<'t>(&self, iri: &'t str) -> (Option<&Prefix>, &'t str) {
        let found = self.lengths.iter().find_map(|length| {
            // A prefix alone is no identifier.
            let (begin, rest) = iri.split_at_checked(*length).filter(|it| !it.1.is_empty())?;
            Some((&self.all[*self.by_iri.get(begin)?], rest))
        });
        match found {
            Some((prefix, rest)) => (Some(prefix), rest),
            None => (None, iri),
        }
    }
}

/// Why a text is not the IRI of something elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExternalError {
    /// It is no IRI.
    Form(String),
    /// It has a scheme that is not allowed, or a prefix that is not declared.
    Scheme(String),
}

/// Checks an IRI: it is absolute and has one of [`URL_SCHEMES`].
pub(crate) fn check_iri(iri: &str) -> Result<(), ExternalError> {
    if let Err(error) = oxrdf::NamedNode::new(iri) {
        return Err(ExternalError::Form(error.to_string()));
    }
    match url::Url::parse(iri) {
        Ok(url) if URL_SCHEMES.contains(&url.scheme()) => Ok(()),
        Ok(_) => {
            let (scheme, _) = iri.split_once(':').unwrap_or((iri, ""));
            Err(ExternalError::Scheme(scheme.to_owned()))
        }
        Err(error) => Err(ExternalError::Form(error.to_string())),
    }
}

/// Whether a text can be a prefix in Turtle, in JSON-LD and in a CURIE.
fn is_prefix_name(name: &str) -> bool {
    let allowed = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    name.starts_with(|it: char| it.is_ascii_alphabetic()) && name.chars().all(allowed) && !name.ends_with('.')
}

/// Schemes of IRIs that cannot be prefixes: an IRI would be read as a CURIE.
const NO_PREFIXES: [&str; 4] = ["http", "https", "mailto", "urn"];

impl Compiler<'_> {
    /// The `class` of a directive, checked.
    pub fn class(&mut self, directives: &DirectiveList, directive: &str) -> Option<String> {
        let directive = directives.get(directive)?;
        let class = argument(directive, "class")?;
        let why = match check_iri(&class) {
            Ok(()) => None,
            Err(ExternalError::Form(_)) => Some((
                format!("the class \"{class}\" is not an absolute IRI"),
                "write it whole, such as https://schema.org/Person".to_owned(),
            )),
            Err(ExternalError::Scheme(scheme)) => Some((
                format!(
                    "the class \"{class}\" is not an IRI with one of the schemes of a URL, but \"{scheme}\""
                ),
                "prefixes are for data: write it whole, such as https://schema.org/Person".to_owned(),
            )),
        };
        if let Some((message, hint)) = why {
            let report = Report::new(Code::CLASS_IRI, message).hint(hint);
            self.report(report, directive.location(), "not an IRI");
        }
        Some(class)
    }

    /// The prefixes that the schema declares.
    pub(super) fn prefixes(&mut self) -> Prefixes {
        let sdl = self.sdl;
        let directives = &sdl.schema.schema_definition.directives;
        let mut all: Vec<Prefix> = Vec::new();
        let mut known: HashMap<String, Option<SourceSpan>> = HashMap::new();
        for directive in directives.iter().filter(|it| it.name == "prefix") {
            // A missing argument is reported.
            let (Some(name), Some(iri)) = (argument(directive, "name"), argument(directive, "iri")) else {
                continue;
            };
            let at = directive.location();
            if let Some(before) = known.get(&name) {
                let report = Report::new(
                    Code::DUPLICATE_DEFINITION,
                    format!("the prefix \"{name}\" is declared twice"),
                )
                .also(sdl.place(*before), "first declared here")
                .hint("keep one of them");
                self.report(report, at, "again here");
                continue;
            }
            known.insert(name.clone(), at);
            if !is_prefix_name(&name) || NO_PREFIXES.contains(&name.as_str()) {
                let report = Report::new(
                    Code::DIRECTIVE_ARGUMENT,
                    format!("\"{name}\" cannot be a prefix"),
                )
                .hint(if NO_PREFIXES.contains(&name.as_str()) {
                    "IRIs begin with this word: use another".to_owned()
                } else {
                    "begin with a letter, and use letters, digits, `-`, `_` and `.`: @prefix(name: \"wd\", …)"
                        .to_owned()
                });
                self.report(report, at, "not a prefix");
                continue;
            }
            if let Err(error) = check_iri(&iri) {
                let why = match error {
                    ExternalError::Form(why) => why,
                    ExternalError::Scheme(_) => {
                        format!("it must begin with {}", quoted_list(&URL_SCHEMES, "or"))
                    }
                };
                let report = Report::new(
                    Code::DIRECTIVE_ARGUMENT,
                    format!("the prefix \"{name}\" has the IRI \"{iri}\", which is not usable: {why}"),
                )
                .hint("write the beginning of the IRIs whole: @prefix(name: \"wd\", iri: \"http://www.wikidata.org/entity/\")");
                self.report(report, at, "not an IRI");
                continue;
            }
            all.push(Prefix { name, iri });
        }
        Prefixes::of(all)
    }
}

/// Whether a declared field is what the built-in one would be, to clients.
fn is_alike(members: &Members, member: Member, built_in: BuiltIn) -> bool {
    let Member::Property(no) = member else {
        return false;
    };
    let (declared, own) = (members.property(no), property(built_in));
    declared.built_in.is_some()
        || built_in == BuiltIn::Aliases
            && (declared.scalar, declared.list) == (own.scalar, own.list)
            && declared.required
            && declared.item_required
}

/// The property with an entity’s other names or its identifiers elsewhere, built in or declared.
fn holder(members: &Members, built_in: BuiltIn) -> Option<PropertyNo> {
    let Member::Property(no) = members.get(built_in.name())? else {
        return None;
    };
    let holds = match built_in {
        BuiltIn::Aliases => |it: Scalar| matches!(it, Scalar::String | Scalar::Text),
        BuiltIn::SameAs => |it: Scalar| it == Scalar::Url,
    };
    holds(members.property(no).scalar).then_some(no)
}

/// Gives all entity types the built-in fields that they do not declare themselves, and the interfaces those that all of
/// their types have alike.
pub(super) fn add_built_in(ontology: &mut Ontology) {
    for built_in in BuiltIn::ALL {
        let name = built_in.name();
        for entity_type in &mut ontology.types {
            if entity_type.members.get(name).is_none() {
                entity_type.members.push_property(property(built_in));
            }
        }
        let differs = |members: &Members| {
            let member = members.get(name);
            member.is_some_and(|it| !is_alike(members, it, built_in))
        };
        // An interface that has no types may declare a field as well.
        let declaring = ontology.interfaces.iter().filter(|it| differs(&it.members));
        let mut without: HashSet<InterfaceId> = declaring.flat_map(|it| it.interfaces.clone()).collect();
        if ontology.interfaces.iter().any(|it| differs(&it.members)) {
            without.insert(ENTITY);
        }
        for at in 0..ontology.interfaces.len() {
            let id = InterfaceId::at(at);
            let Interface { types, members, .. } = &ontology.interfaces[at];
            let of_type = |id| ontology.members_of(Domain::Type(id));
            let is_missing = members.get(name).is_none()
                && !without.contains(&id)
                && !types.iter().filter_map(|it| of_type(*it)).any(differs);
            if is_missing {
                let members = &mut ontology.interfaces[at].members;
                members.push_property(property(built_in));
            }
        }
    }
    for entity_type in &mut ontology.types {
        entity_type.aliases = holder(&entity_type.members, BuiltIn::Aliases);
        entity_type.same_as = holder(&entity_type.members, BuiltIn::SameAs);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prefixes() -> Prefixes {
        let all = [
            ("wd", "http://www.wikidata.org/entity/"),
            ("site", "http://www.wikidata.org/"),
            ("doi", "https://doi.org/"),
        ];
        let all = all.map(|(name, iri)| Prefix {
            name: name.to_owned(),
            iri: iri.to_owned(),
        });
        Prefixes::of(all.into())
    }

    #[test]
    fn the_longest_prefix_fits() {
        let prefixes = prefixes();
        for (iri, prefix, rest) in [
            ("http://www.wikidata.org/entity/Q42", Some("wd"), "Q42"),
            ("http://www.wikidata.org/wiki/Q42", Some("site"), "wiki/Q42"),
            ("http://www.wikidata.org/entity/", Some("site"), "entity/"),
            ("http://www.wikidata.org/", None, "http://www.wikidata.org/"),
            ("urn:isbn:1", None, "urn:isbn:1"),
        ] {
            let (found, left) = prefixes.split(iri);
            assert_eq!((found.map(|it| it.name.as_str()), left), (prefix, rest), "{iri}");
        }
        assert_eq!(prefixes.expand("wd:Q42"), "http://www.wikidata.org/entity/Q42");
        assert_eq!(prefixes.expand("doi:10.1/a:b"), "https://doi.org/10.1/a:b");
        for text in ["xy:Q42", "wd://Q42", "Q42", "http://www.wikidata.org/entity/Q42"] {
            assert_eq!(prefixes.expand(text), text);
        }
    }

    proptest! {
        #[test]
        fn a_curie_is_split_as_it_was_written(at in 0..3_usize, rest in "[a-z0-9:#]{1,8}") {
            let prefixes = prefixes();
            let prefix = &prefixes.all[at];
            let iri = prefixes.expand(&format!("{}:{rest}", prefix.name)).into_owned();
            prop_assert_eq!(prefixes.split(&iri), (Some(prefix), rest.as_str()));
        }

        #[test]
        fn any_text_is_split(text in "\\PC*") {
            let prefixes = prefixes();
            let (prefix, rest) = prefixes.split(&text);
            prop_assert_eq!(format!("{}{rest}", prefix.map_or("", |it| &it.iri)), text);
        }
    }
}
