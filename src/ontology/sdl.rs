//! From files of SDL to apollo-compiler's schema, and from its diagnostics to our reports.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use apollo_compiler::ast::{self, Definition};
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::parser::{FileId, Parser, SourceSpan};
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};
use apollo_compiler::{Name, Schema};

use super::prelude::{LITERALS, PRELUDE, REDECLARABLE, reserved_types};
use crate::memory::{Allowance, Meter};
use crate::report::{Code, Place, Report, Reports, SourceText, did_you_mean, in_words, quoted_list, shown};

/// A schema as apollo-compiler sees it, perhaps with errors, and the texts that it came from.
pub(super) struct Sdl {
    pub schema: Schema,
    sources: HashMap<FileId, Arc<SourceText>>,
}

impl Sdl {
    /// The position of a node, unless it is in the prelude.
    pub fn place(&self, location: Option<SourceSpan>) -> Option<Place> {
        place(&self.sources, location)
    }
}

fn place(sources: &HashMap<FileId, Arc<SourceText>>, at: Option<SourceSpan>) -> Option<Place> {
    let at = at?;
    let source = sources.get(&at.file_id())?.clone();
    Some(Place {
        source,
        span: at.offset()..at.end_offset(),
    })
}

/// Bytes that parsing takes for each byte of text: the tree of its tokens, and the definitions made of it.
const PARSED_OF_A_BYTE: usize = 48;
/// Bytes that checking the definitions against each other takes for each byte of text, where each has a mistake. Without
/// any it takes a tenth; the API of such a schema takes several times as much as this.
const CHECKED_OF_A_BYTE: usize = 180;

/// Reads the files after the prelude. If there is not enough memory, the result is incomplete.
pub(super) fn read(files: &[Arc<SourceText>], memory: &Allowance, reports: &mut Reports) -> Sdl {
    let mut sources = HashMap::new();
    let mut documents = Vec::new();
    let mut lost = SyntaxLoss::default();
    for file in files.iter().filter(|it| !is_blank(&it.text)) {
        // The parser cannot be stopped.
        let Some(_reserved) = memory.reserve(file.text.len().saturating_mul(PARSED_OF_A_BYTE)) else {
            break;
        };
        let parsed = Parser::new().parse_ast(file.text.clone(), &file.path);
        let (mut document, errors) = match parsed {
            Ok(document) => (document, None),
            Err(with_errors) => (with_errors.partial, Some(with_errors.errors)),
        };
        for id in document.sources.keys() {
            sources.insert(*id, file.clone());
        }
        if let Some(errors) = errors {
            lost.syntax(&mut document, &errors, &sources, reports);
        }
        documents.push(document);
    }
    let length: usize = files.iter().map(|it| it.text.len()).sum();
    let reserved = memory.reserve(length.saturating_mul(CHECKED_OF_A_BYTE));
    if reserved.is_none() {
        documents.clear();
    }
    keep_own_definitions(&mut documents, &sources, reports);
    let mut builder = Schema::builder().parse(PRELUDE, "prelude");
    for document in &documents {
        builder = builder.add_ast(document);
    }
    let schema = match builder.build() {
        Ok(schema) => schema,
        Err(with_errors) => {
            // Syntax errors were reported above, file by file.
            let known = type_names(&with_errors.partial);
            let keep = |error: &DiagnosticData, text: &str| {
                !text.starts_with("syntax error") && !lost.explains(error, text)
            };
            translate_if(&with_errors.errors, &sources, &known, memory, reports, keep);
            with_errors.partial
        }
    };
    let schema = match schema.validate() {
        Ok(valid) => valid.into_inner(),
        Err(with_errors) => {
            let known = type_names(&with_errors.partial);
            let keep = |error: &DiagnosticData, text: &str| !lost.explains(error, text);
            translate_if(&with_errors.errors, &sources, &known, memory, reports, keep);
            with_errors.partial
        }
    };
    one_report_each(reports);
    Sdl { schema, sources }
}

fn type_names(schema: &Schema) -> Vec<String> {
    let own = |name: &&Name| !name.starts_with("__") && !matches!(name.as_str(), "Query");
    schema.types.keys().filter(own).map(Name::to_string).collect()
}

/// Takes out of the documents what a graph's schema cannot have, with a report for each.
fn keep_own_definitions(
    documents: &mut [ast::Document],
    sources: &HashMap<FileId, Arc<SourceText>>,
    reports: &mut Reports,
) {
    let mut first: HashMap<String, Option<SourceSpan>> = HashMap::new();
    for document in documents {
        document.definitions.retain(|definition| {
            let Some(name) = definition.name() else {
                return keep_unnamed(definition, sources, reports);
            };
            let at = name.location();
            let report = match definition {
                Definition::OperationDefinition(_) | Definition::FragmentDefinition(_) => {
                    Some(Report::new(Code::OUT_OF_PLACE, format!("\"{name}\" is an operation, and a schema has only types"))
                        .hint("operations are sent by clients, or kept in a folder of their own"))
                }
                Definition::InputObjectTypeDefinition(_) | Definition::InputObjectTypeExtension(_) => {
                    Some(Report::new(Code::OUT_OF_PLACE, format!("the input type \"{name}\" has no place in the schema of a graph"))
                        .hint("filters, orders and lookups are generated; leave it out"))
                }
                Definition::ScalarTypeDefinition(_) if REDECLARABLE.contains(&name.as_str()) => return false,
                _ if reserved_types().contains(name.as_str()) => Some(
                    Report::new(Code::BUILT_IN_TYPE, format!("\"{name}\" is a type that Clew itself defines"))
                        .hint("give your type another name"),
                ),
                Definition::ObjectTypeDefinition(_)
                | Definition::InterfaceTypeDefinition(_)
                | Definition::UnionTypeDefinition(_)
                | Definition::EnumTypeDefinition(_)
                | Definition::ScalarTypeDefinition(_)
                    if name == "Source" =>
                {
                    Some(Report::new(Code::BUILT_IN_TYPE, "\"Source\" is the built-in type of what citations point into".to_owned())
                        .hint("add fields to it with `extend type Source { … }`, or give your type another name"))
                }
                Definition::ObjectTypeDefinition(_)
                | Definition::InterfaceTypeDefinition(_)
                | Definition::UnionTypeDefinition(_)
                | Definition::EnumTypeDefinition(_)
                | Definition::ScalarTypeDefinition(_) => match first.get(name.as_str()) {
                    Some(before) => Some(
                        Report::new(Code::DUPLICATE_DEFINITION, format!("the type \"{name}\" is defined twice"))
                            .also(place(sources, *before), "first defined here")
                            .hint("keep one; fields can be added to it elsewhere with `extend`"),
                    ),
                    None => {
                        first.insert(name.to_string(), at);
                        None
                    }
                },
                _ => None,
            };
            let Some(report) = report else { return true };
            reports.push(match place(sources, at) {
                Some(place) => report.at(place, "here"),
                None => report,
            });
            false
        });
    }
}

fn keep_unnamed(
    definition: &Definition,
    sources: &HashMap<FileId, Arc<SourceText>>,
    reports: &mut Reports,
) -> bool {
    let what = match definition {
        Definition::SchemaExtension(it) if it.root_operations.is_empty() => return true,
        Definition::SchemaDefinition(_) | Definition::SchemaExtension(_) => "a `schema` definition",
        _ => "an operation",
    };
    let report = Report::new(
        Code::OUT_OF_PLACE,
        format!("{what} has no place in the schema of a graph"),
    )
    .hint("the query root is generated from the types; leave it out. Prefixes are declared by `extend schema @prefix(…)`");
    reports.push(match place(sources, definition.location()) {
        Some(place) => report.at(place, "here"),
        None => report,
    });
    false
}

/// Whether a file has nothing but comments.
fn is_blank(text: &str) -> bool {
    let ignored = |it: char| it.is_whitespace() || it == ',' || it == '\u{feff}';
    let mut lines = text.lines().map(|it| it.trim_start_matches(ignored));
    lines.all(|it| it.is_empty() || it.starts_with('#'))
}

/// The words that definitions of a schema begin with.
const KEYWORDS: [&str; 6] = ["type", "interface", "union", "enum", "scalar", "extend"];

/// The definitions that syntax errors make unreadable.
#[derive(Default)]
struct SyntaxLoss {
    /// The names of types.
    types: HashSet<String>,
}

impl SyntaxLoss {
    /// Reports the first syntax error of each part of a file that cannot be read. Later errors in that part are consequences
    /// and are removed, and so are operations that the parser finds in place of a type's fields.
    fn syntax(
        &mut self,
        document: &mut ast::Document,
        errors: &DiagnosticList,
        sources: &HashMap<FileId, Arc<SourceText>>,
        reports: &mut Reports,
    ) {
        let is_operation = |it: &Definition| {
            matches!(
                it,
                Definition::OperationDefinition(_) | Definition::FragmentDefinition(_)
            )
        };
        let starts: Vec<usize> = document
            .definitions
            .iter()
            .filter(|it| !is_operation(it))
            .filter_map(|it| Some(it.location()?.offset()))
            .collect();
        let mut damaged: Vec<Range<usize>> = Vec::new();
        let mut found: Vec<(Place, String)> = errors
            .iter()
            .filter_map(|it| {
                Some((
                    place(sources, ToCliReport::location(it.error))?,
                    it.error.to_string(),
                ))
            })
            .collect();
        found.sort_by_key(|(place, _)| place.span.start);
        for (place, text) in found {
            let at = place.span.start;
            let in_damaged = damaged.last().is_some_and(|it| it.contains(&at));
            if in_damaged && !begins_line(&place) {
                continue;
            }
            let end = starts.iter().copied().find(|it| *it > at);
            damaged.push(at..end.unwrap_or(usize::MAX));
            reports.push(self.syntax_error(place, &text));
        }
        document.definitions.retain(|it| {
            let start = it.location().map_or(0, |at| at.offset());
            !(is_operation(it) && damaged.iter().any(|range| range.contains(&start)))
        });
    }

    fn syntax_error(&mut self, place: Place, text: &str) -> Report {
        let source = &place.source.text;
        let word = source.get(place.span.clone()).unwrap_or_default();
        if text == "syntax error: invalid Enum Value" && LITERALS.contains(&word) {
            let message = format!("\"{word}\" cannot be a value of an enum");
            return Report::new(Code::UNUSABLE_NAME, message)
                .at(place, "a word of GraphQL")
                .hint("true, false and null are values of GraphQL itself; give it another name");
        }
        if text != "syntax error: expected definition" || !is_word(word) {
            let report = Report::new(
                Code::SYNTAX,
                format!("the file is not GraphQL: {}", in_words(text)),
            );
            let report = report.at(place, "here");
            return match text {
                "syntax error: expected a type" => {
                    report.hint("between a field and its type stands a colon, as in `name: String`")
                }
                _ if text.contains("EOF") => report.hint("close what is open: a bracket or a quote"),
                _ => report,
            };
        }
        let after = source.get(place.span.end..).unwrap_or_default();
        let mut words = after.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
        let name = words.find(|it| !it.is_empty());
        self.types.extend(name.map(str::to_owned));
        let message = format!("\"{}\" does not begin a definition", shown(word));
        let hint = did_you_mean(word, KEYWORDS, || {
            format!("definitions begin with {}", quoted_list(&KEYWORDS, "or"))
        });
        Report::new(Code::SYNTAX, message).at(place, "here").hint(hint)
    }

    /// Whether an error only says that a type is not there which could not be read.
    fn explains(&self, error: &DiagnosticData, text: &str) -> bool {
        let is_unknown = error.unstable_error_name() == Some("UndefinedDefinition")
            || text.starts_with("type extension for undefined");
        is_unknown && self.types.contains(quoted(text))
    }
}

/// Whether a place is a word at the beginning of a line, as definitions are written.
fn begins_line(place: &Place) -> bool {
    let text = &place.source.text;
    let is_first = text[..place.span.start].ends_with(['\n', '\r']);
    is_first && is_word(text.get(place.span.clone()).unwrap_or_default())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

/// A type without fields is one mistake, though it is an error of syntax and of the type system.
fn one_report_each(reports: &mut Reports) {
    let empty: Vec<Place> = of_code(reports, Code::EMPTY_TYPE);
    let syntax: Vec<Place> = of_code(reports, Code::SYNTAX);
    let is_in = |inner: &Place, outer: &Place| {
        Arc::ptr_eq(&inner.source, &outer.source)
            && (outer.span.start..=outer.span.end).contains(&inner.span.start)
    };
    let is_close = |it: &Place| it.source.text.get(it.span.clone()) == Some("}");
    reports.0.retain(|report| match (report.code, &report.place) {
        (Code::SYNTAX, Some(place)) => !is_close(place) || !empty.iter().any(|it| is_in(place, it)),
        (Code::EMPTY_TYPE, Some(place)) => !syntax.iter().any(|it| is_in(it, place) && !is_close(it)),
        _ => true,
    });
}

fn of_code(reports: &Reports, code: Code) -> Vec<Place> {
    let of_code = reports.0.iter().filter(|it| it.code == code);
    of_code.filter_map(|it| it.place.clone()).collect()
}

/// About as many bytes as a report takes.
const OF_A_REPORT: usize = 1 << 10;

fn translate_if(
    errors: &DiagnosticList,
    sources: &HashMap<FileId, Arc<SourceText>>,
    types: &[String],
    memory: &Allowance,
    reports: &mut Reports,
    keep: impl Fn(&DiagnosticData, &str) -> bool,
) {
    let mut meter = Meter::new(memory);
    for diagnostic in errors.iter() {
        if !meter.takes(OF_A_REPORT) {
            return;
        }
        let error = diagnostic.error;
        let text = error.to_string();
        if !keep(error, &text) {
            continue;
        }
        let (code, hint) = classify(error, &text, types);
        let mut report = Report::new(code, text.replace('`', "\""));
        if let Some(place) = place(sources, ToCliReport::location(error)) {
            report = report.at(place, "here");
        }
        report.hint = hint;
        reports.push(report);
    }
}

/// The first name between backquotes.
fn quoted(text: &str) -> &str {
    text.split('`').nth(1).unwrap_or_default()
}

fn classify(error: &DiagnosticData, text: &str, types: &[String]) -> (Code, Option<String>) {
    const DIRECTIVES: [&str; 7] = [
        "entity", "relation", "edge", "search", "unique", "index", "prefix",
    ];
    let known = || types.iter().map(String::as_str);
    let Some(name) = error.unstable_error_name() else {
        return if text.starts_with("syntax error") || text.contains("must not contain") {
            (Code::SYNTAX, None)
        } else if text.starts_with("type extension for undefined") {
            let otherwise = || "define the type before it is extended".to_owned();
            (
                Code::UNKNOWN_TYPE,
                Some(did_you_mean(quoted(text), known(), otherwise)),
            )
        } else if text.contains("multiple times")
            || text.contains("duplicate")
            || text.contains("more than once")
        {
            (Code::DUPLICATE_DEFINITION, Some("keep one of them".to_owned()))
        } else {
            (Code::GRAPHQL_RULE, None)
        };
    };
    match name {
        "UndefinedDefinition" => {
            let otherwise = || {
                "define the type, or use one of the scalars ID, String, Int, Int64, Float, Boolean, Date, DateTime, Duration, URL, Text, Decimal, Point, JSON".to_owned()
            };
            (
                Code::UNKNOWN_TYPE,
                Some(did_you_mean(quoted(text), known(), otherwise)),
            )
        }
        "UndefinedDirective" => {
            let otherwise = || {
                "the directives are @entity, @relation, @edge, @search, @unique, @index, @prefix and GraphQL's own"
                    .to_owned()
            };
            let name = quoted(text).trim_start_matches('@');
            (
                Code::UNKNOWN_DIRECTIVE,
                Some(did_you_mean(name, DIRECTIVES, otherwise)),
            )
        }
        "UndefinedArgument" => {
            const ARGUMENTS: [&str; 8] = [
                "class",
                "plural",
                "label",
                "name",
                "inverse",
                "symmetric",
                "transitive",
                "iri",
            ];
            let otherwise = || "docs/schema.md lists the arguments of each directive".to_owned();
            (
                Code::DIRECTIVE_ARGUMENT,
                Some(did_you_mean(
                    quoted(text),
                    ARGUMENTS.into_iter().chain(["edge"]),
                    otherwise,
                )),
            )
        }
        "UniqueArgument"
        | "RequiredArgument"
        | "UnsupportedValueType"
        | "IntCoercionError"
        | "FloatCoercionError"
        | "UndefinedEnumValue"
        | "UndefinedVariable" => (Code::DIRECTIVE_ARGUMENT, None),
        "UnsupportedLocation" => (
            Code::DIRECTIVE_PLACE,
            Some("docs/schema.md says where each directive stands".to_owned()),
        ),
        "UniqueDirective" => (Code::DIRECTIVE_PLACE, Some("keep one of them".to_owned())),
        "MissingInterfaceField" => (
            Code::INTERFACE_FIELD_MISSING,
            Some("a type repeats every field of the interfaces that it implements".to_owned()),
        ),
        "InvalidImplementationFieldType" => (
            Code::INTERFACE_FIELD_TYPE,
            Some("use the interface's type, or one that it covers".to_owned()),
        ),
        "TransitiveImplementedInterfaces" => (
            Code::INTERFACE_HIERARCHY,
            Some("name the interfaces of the interface too: `implements A & B`".to_owned()),
        ),
        "RecursiveInterfaceDefinition" => (Code::INTERFACE_HIERARCHY, None),
        "EmptyFieldSet" | "EmptyValueSet" | "EmptyMemberSet" => (Code::EMPTY_TYPE, None),
        "ReservedName" => (
            Code::RESERVED_NAME,
            Some("names that begin with two underscores belong to GraphQL".to_owned()),
        ),
        "UnionMemberObjectType" => (
            Code::UNION_MEMBER,
            Some("list the entity types themselves".to_owned()),
        ),
        "UniqueInputValue" => (Code::DUPLICATE_DEFINITION, Some("keep one of them".to_owned())),
        "RecursionError" | "RecursionLimitError" => (Code::SYNTAX, None),
        _ => (Code::GRAPHQL_RULE, None),
    }
}
