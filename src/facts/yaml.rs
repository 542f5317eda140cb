//! YAML for people: types, then ids, then fields.
//!
//! ```yaml
//! source: ecpat-article          # what citations point into, unless they say another
//! Organization:
//!   unicef:
//!     cite: history/2/1          # the default for all that follows of this entity
//!     name: UNICEF
//!     foundedOn: {value: 1946, cite: history/2/2, rank: preferred}
//!     partners: [ecpat, {to: child-rights-connect, since: 1996}]
//! ```

use std::sync::Arc;

use super::citation::{self, Defaults, shape};
use super::{
    Batch, EdgeFact, EntityFact, Entry, Example, Item, NO_STATEMENT, Span, StatementFact, Str, Value,
    ValueFact, Via, yaml_tree,
};
use crate::memory::Allowance;
use crate::ontology::{Member, Members, Ontology, Property, TypeId};
use crate::report::{Code, Report, Reports, SourceText, Unread, did_you_mean, near_misses, shown};

/// Keys of a document that are not types.
const WORDS: [&str; 3] = ["source", "cite", "graph"];

/// Keys of an entity that are not fields.
const PROVENANCE: [&str; 3] = ["cite", "rank", "valid"];

/// Keys of `graph`.
const GRAPH_KEYS: [&str; 5] = ["title", "description", "licence", "url", "examples"];

/// Reads a file. It reads none of it where it takes more memory than there may be.
pub(super) fn read(
    source: &Arc<SourceText>,
    ontology: &Ontology,
    memory: &Allowance,
    reports: &mut Reports,
) -> Batch {
    let mut batch = Batch::new(source.clone());
    let documents = match yaml_tree::documents(&mut batch, memory, reports) {
        Ok(documents) => documents,
        Err(report) => {
            reports.push(report);
            Vec::new()
        }
    };
    for document in documents {
        let mut reader = Reader {
            batch: &mut batch,
            ontology,
            reports,
            defaults: Defaults {
                may_be_named: true,
                ..Defaults::default()
            },
            file_statement: None,
            type_here: None,
            last: None,
            was_reported: false,
        };
        reader.document(document);
    }
    batch
}

struct Reader<'a> {
    batch: &'a mut Batch,
    ontology: &'a Ontology,
    reports: &'a mut Reports,
    defaults: Defaults,
    file_statement: Option<StatementFact>,
    /// The type that was read last, if the schema has it. Lines with wrong indentation most likely belong to it.
    type_here: Option<TypeHere>,
    /// The entity that was read last, if it is of that type.
    last: Option<Last>,
    /// Whether the line before is indented wrongly too: one report is enough for all of them.
    was_reported: bool,
}

/// A type of the schema, and where a file names it.
#[derive(Clone, Copy)]
struct TypeHere {
    id: TypeId,
    name: Str,
    at: Span,
}

/// An entity whose fields may go on.
#[derive(Clone, Copy)]
struct Last {
    no: u32,
    id: Str,
    default: u32,
}

impl Reader<'_> {
    fn report(&mut self, at: Span, message: impl Into<String>, hint: &str) {
        let report = shape(self.batch, at, message.into()).hint(hint);
        self.reports.push(report);
    }

    fn document(&mut self, document: Item) {
        let entries = match document.value {
            Value::Map(entries) => entries,
            Value::Null => return,
            other => {
                let message = format!("a data file is a mapping of types, not {}", other.kind());
                self.report(
                    document.at,
                    message,
                    "write a type's name, below it ids, below each its fields",
                );
                return;
            }
        };
        let mut entries = entries;
        self.correct_words(&mut entries);
        // The defaults hold for the whole file, wherever they stand.
        for entry in &entries {
            match (self.batch.text(entry.key), &entry.item.value) {
                ("source", Value::String(id) | Value::Number(id)) => {
                    self.defaults.source = Some(*id);
                    self.batch.default_sources.push((*id, entry.item.at));
                }
                ("source", _) => {
                    self.defaults.is_broken = true;
                    self.report(
                        entry.item.at,
                        "the default source is the id of a Source",
                        "write source: <id>",
                    );
                }
                _ => {}
            }
        }
        let mut provenance = entries.iter().filter(|it| self.batch.text(it.key) == "cite");
        if let Some(cite) = provenance.next().cloned() {
            let citations = citation::citations(self.batch, &cite.item, self.defaults, self.reports);
            self.file_statement = Some(StatementFact {
                citations,
                ..StatementFact::default()
            });
        }
        for entry in entries {
            match self.batch.text(entry.key) {
                "source" | "cite" => {}
                "graph" => self.graph(entry.item),
                _ => self.top(entry),
            }
        }
    }

    /// Reads misspelled words of a document as the words that they mean, so that nothing else seems to be wrong.
    fn correct_words(&mut self, entries: &mut [Entry]) {
        for no in 0..entries.len() {
            let entry = &entries[no];
            let name = self.batch.text(entry.key);
            if WORDS.contains(&name) || self.ontology.type_named(name).is_some() {
                continue;
            }
            let near = match entry.item.value {
                Value::String(_) | Value::Number(_) => near_misses(name, ["source", "cite"]),
                // The keys below may also be ids, and this key a type.
                Value::Map(_) => {
                    let types = self.ontology.types.iter().map(|it| it.name.as_str());
                    near_misses(name, types.chain(["graph"]))
                }
                _ => continue,
            };
            let Some(word) = near.first().and_then(|near| WORDS.iter().find(|it| *it == near)) else {
                continue;
            };
            if entries.iter().any(|it| self.batch.text(it.key) == *word) {
                continue;
            }
            let message = format!("a data file has no \"{name}\"");
            self.report(entry.key_at, message, &format!("did you mean \"{word}\"?"));
            entries[no].key = self.batch.keep(word);
        }
    }

    /// An entry at the level of types. By mistake, it may be an id or a field.
    fn top(&mut self, entry: Entry) {
        let name = self.batch.text(entry.key);
        if self.ontology.type_named(name).is_some() {
            self.was_reported = false;
            return self.entities(entry);
        }
        let Some(here) = self.type_here else {
            return self.entities(entry);
        };
        let members = self.members(here);
        let is_member = members.get(name).is_some() || PROVENANCE.contains(&name);
        match &entry.item.value {
            Value::Map(fields) if is_member && self.last.is_some() && !self.fits(members, fields) => {
                self.misplaced_field(here, entry, "a type");
            }
            Value::Map(fields) if !fields.is_empty() => {
                let is_entity = self.fits(members, fields)
                    && (self.fits_wholly(members, fields) || !self.is_near_type(name));
                if is_entity {
                    self.misplaced_id(entry.key, entry.key_at, here, "a type");
                    let mut deferred = Vec::new();
                    self.entity(here, entry, &mut deferred);
                    self.deferred(here, deferred);
                } else {
                    self.entities(entry);
                }
            }
            Value::Map(_) | Value::Null => self.entities(entry),
            _ if is_member && self.last.is_some() => self.misplaced_field(here, entry, "a type"),
            _ => self.entities(entry),
        }
    }

    fn members(&self, here: TypeHere) -> &'_ Members {
        &self.ontology.entity_type(here.id).members
    }

    fn is_near_type(&self, name: &str) -> bool {
        let types = self.ontology.types.iter().map(|it| it.name.as_str());
        !near_misses(name, types).is_empty()
    }

    /// Whether some key of a mapping is a field of a type, with a value of a field.
    fn fits(&self, members: &Members, fields: &[Entry]) -> bool {
        fields.iter().any(|it| {
            let key = self.batch.text(it.key);
            members.get(key).is_some()
                && !matches!(&it.item.value, Value::Map(inner) if self.fits(members, inner))
        })
    }

    /// Whether all keys of a mapping are fields of a type.
    fn fits_wholly(&self, members: &Members, fields: &[Entry]) -> bool {
        let mut keys = fields.iter().map(|it| self.batch.text(it.key));
        keys.all(|it| members.get(it).is_some() || PROVENANCE.contains(&it))
    }

    /// Reports an id at the level of something else, unless the entry before was one too.
    fn misplaced_id(&mut self, id: Str, at: Span, here: TypeHere, level: &str) {
        if std::mem::replace(&mut self.was_reported, true) {
            return;
        }
        let id = shown(self.batch.text(id)).into_owned();
        let name = self.batch.text(here.name).to_owned();
        let message = format!("the id \"{id}\" stands where {level} stands");
        let hint = format!("indent it like the other ids below \"{name}\", and its fields deeper");
        self.report(at, message, &hint);
    }

    /// Reports a field at the level of something else, and reads it as one of the last entity.
    fn misplaced_field(&mut self, here: TypeHere, field: Entry, level: &str) {
        let Some(last) = self.last else { return };
        let is_here = |it: &Report| {
            it.place
                .as_ref()
                .is_some_and(|it| it.span.start == field.key_at.start as usize)
        };
        // The key itself may begin with a no-break space.
        let is_known = self.reports.0.iter().any(is_here);
        if !std::mem::replace(&mut self.was_reported, true) && !is_known {
            let key = shown(self.batch.text(field.key)).into_owned();
            let id = shown(self.batch.text(last.id)).into_owned();
            let message = format!("the field \"{key}\" stands where {level} stands");
            let hint = format!("indent it deeper than the id \"{id}\", like the other fields");
            self.report(field.key_at, message, &hint);
        }
        if !PROVENANCE.contains(&self.batch.text(field.key)) {
            let ontology = self.ontology;
            let members = &ontology.entity_type(here.id).members;
            self.field(last.no, Some(members), field, last.default);
        }
    }

    /// Reports a type at the level of something else.
    fn misplaced_type(&mut self, entry: &Entry, level: &str) {
        let name = self.batch.text(entry.key).to_owned();
        let message = format!("the type \"{name}\" stands where {level} stands");
        self.report(
            entry.key_at,
            message,
            "write it at the beginning of its line, ids below it, and below each its fields",
        );
    }

    /// The type that an entry names at the level of ids or fields, if it most likely is one.
    fn type_in_place(&self, members: &Members, entry: &Entry) -> Option<TypeHere> {
        let name = self.batch.text(entry.key);
        let id = self.ontology.type_named(name)?;
        let is_type = match &entry.item.value {
            Value::Null => {
                let mut properties = members.properties.iter();
                let mut fields = members.fields.iter();
                members.get(name).is_none()
                    && (properties.any(|it| it.required && !it.list) || fields.any(|it| it.required))
            }
            Value::Map(inner) => {
                !inner.is_empty()
                    && inner.iter().all(|it| {
                        matches!(it.item.value, Value::Map(_) | Value::Null)
                            && members.get(self.batch.text(it.key)).is_none()
                    })
            }
            _ => false,
        };
        is_type.then_some(TypeHere {
            id,
            name: entry.key,
            at: entry.key_at,
        })
    }

    fn graph(&mut self, item: Item) {
        let Value::Map(entries) = item.value else {
            self.report(
                item.at,
                "`graph` is a mapping",
                "it has title, description, licence, url and examples",
            );
            return;
        };
        let has_query = entries.iter().any(|it| self.batch.text(it.key) == "query");
        let mut is_left = false;
        let mut below: Option<TypeHere> = None;
        for entry in entries {
            let key = self.batch.text(entry.key).to_owned();
            if key == "examples" {
                self.examples(&entry.item, has_query);
                continue;
            }
            let is_id = matches!(entry.item.value, Value::Map(_) | Value::Null);
            if is_id && self.ontology.type_named(&key).is_some() {
                self.misplaced_type(&entry, "a key of the graph");
                below = self.ontology.type_named(&key).map(|id| TypeHere {
                    id,
                    name: entry.key,
                    at: entry.key_at,
                });
                self.entities(entry);
                continue;
            }
            if let (true, Some(here)) = (is_id, below) {
                self.below(here, Box::new([entry]));
                continue;
            }
            if !GRAPH_KEYS.contains(&key.as_str()) {
                // After a type or an id, what follows is most likely not of the graph either.
                if is_left {
                    continue;
                }
                is_left = is_id;
                let hint = match &*key {
                    "query" => "indent it like the title of its example".to_owned(),
                    _ if is_id => {
                        "if it is an id, write its type above it, at the beginning of a line".to_owned()
                    }
                    _ => did_you_mean(&key, GRAPH_KEYS, || {
                        "it has title, description, licence, url and examples".to_owned()
                    }),
                };
                let report = shape(self.batch, entry.key_at, format!("the graph has no \"{key}\""));
                let unread = if is_id { Unread::Entities } else { Unread::Nothing };
                self.reports.push(report.hint(hint).unread(unread));
                continue;
            }
            let Value::String(text) = entry.item.value else {
                self.report(
                    entry.item.at,
                    format!("\"{key}\" of the graph is a text"),
                    "write it in quotes",
                );
                continue;
            };
            let text = self.batch.text(text).to_owned();
            let graph = &mut self.batch.graph;
            let place = match key.as_str() {
                "title" => Some(&mut graph.title),
                "description" => Some(&mut graph.description),
                "licence" => Some(&mut graph.licence),
                "url" => Some(&mut graph.url),
                _ => None,
            };
            if let Some(place) = place {
                // Another document of the file may have it too, which is reported when all files are read.
                place.get_or_insert(text);
                self.batch.graph_keys.push((entry.key, entry.key_at));
            }
        }
    }

    fn examples(&mut self, item: &Item, has_query_elsewhere: bool) {
        const HINT: &str = "write each as {title: …, query: …}";
        let Value::List(items) = &item.value else {
            return self.report(item.at, "`examples` of the graph is a list", HINT);
        };
        for item in items {
            let Value::Map(entries) = &item.value else {
                self.report(item.at, "an example is a mapping", HINT);
                continue;
            };
            let mut is_sound = true;
            for entry in entries {
                let word = self.batch.text(entry.key).to_owned();
                let is_text = matches!(entry.item.value, Value::String(_));
                if matches!(word.as_str(), "title" | "query") && !is_text {
                    let message = format!(
                        "\"{word}\" of an example is a text, not {}",
                        entry.item.value.kind()
                    );
                    self.report(entry.item.at, message, "write it in quotes");
                    is_sound = false;
                } else if !matches!(word.as_str(), "title" | "query") {
                    is_sound = false;
                    let hint = did_you_mean(&word, ["title", "query"], || HINT.to_owned());
                    self.report(entry.key_at, format!("an example has no \"{word}\""), &hint);
                }
            }
            let text = |key: &str| {
                entries.iter().find_map(|it| match it.item.value {
                    Value::String(text) if self.batch.text(it.key) == key => {
                        Some((self.batch.text(text).to_owned(), it.item.at))
                    }
                    _ => None,
                })
            };
            match (text("title"), text("query")) {
                (Some((title, _)), Some((query, at))) => {
                    self.batch.graph.examples.push(Example { title, query });
                    self.batch.example_queries.push(at);
                }
                _ if !is_sound || has_query_elsewhere => {}
                _ => self.report(item.at, "an example has a title and a query", HINT),
            }
        }
    }

    /// Reads a type and what is below it.
    fn entities(&mut self, entry: Entry) {
        let name = self.batch.text(entry.key);
        let known = self.ontology.type_named(name).map(|id| TypeHere {
            id,
            name: entry.key,
            at: entry.key_at,
        });
        (self.type_here, self.last) = (known.or(self.type_here), None);
        let entities = match entry.item.value {
            Value::Map(entities) if !entities.is_empty() => entities,
            Value::Map(_) | Value::Null => {
                self.batch.empty_types.push((entry.key, entry.key_at));
                return;
            }
            Value::List(_) => {
                let report = shape(
                    self.batch,
                    entry.item.at,
                    "below a type stand ids, not a list".to_owned(),
                )
                .hint("write each id without a dash, with a colon, and below it the entity's fields");
                self.reports.push(report.unread(Unread::Entities));
                return;
            }
            other => {
                let message = format!("below a type stand ids, not {}", other.kind());
                let report = shape(self.batch, entry.item.at, message)
                    .hint("write an id and a colon, and below it the entity's fields");
                self.reports.push(report.unread(Unread::Entities));
                return;
            }
        };
        match known {
            Some(here) => self.below(here, entities),
            None => self.below_unknown(entry.key, entry.key_at, entities),
        }
    }

    /// Reads the ids below a type that the schema does not have. The type is reported, and nothing else that is below it.
    fn below_unknown(&mut self, name: Str, at: Span, entities: Box<[Entry]>) {
        let is_id = |it: &&Entry| matches!(it.item.value, Value::Map(_) | Value::Null);
        let mut any = false;
        for entity in entities.iter().filter(is_id) {
            any = true;
            self.batch.entities.push(EntityFact {
                id: entity.key,
                type_name: name,
                at: entity.key_at,
                type_at: at,
            });
        }
        if any {
            return;
        }
        // Below an id without a type stand its fields. If they are of one type, that is most likely missing.
        let ontology = self.ontology;
        let mut types = ontology.type_ids().filter(|id| {
            let members = &ontology.entity_type(*id).members;
            self.fits(members, &entities) && self.fits_wholly(members, &entities)
        });
        let meant = types.next().filter(|_| types.next().is_none());
        drop(types);
        match meant {
            Some(id) => {
                let (written, of) = (self.batch.text(name), &ontology.entity_type(id).name);
                let report = Report::new(
                    Code::UNKNOWN_ENTITY_TYPE,
                    format!("the schema has no type \"{}\"", shown(written)),
                )
                .at(self.batch.place(at), "unknown")
                .hint(format!(
                    "below it are fields of \"{of}\": if it is an id, write `{of}:` above it, and indent it and its fields"
                ));
                self.reports.push(report);
                let type_name = self.batch.keep(of);
                let here = TypeHere {
                    id,
                    name: type_name,
                    at,
                };
                self.type_here = Some(here);
                self.was_reported = true;
                let entry = Entry {
                    key: name,
                    key_at: at,
                    item: Item {
                        value: Value::Map(entities),
                        at,
                    },
                };
                let mut deferred = Vec::new();
                self.entity(here, entry, &mut deferred);
                self.deferred(here, deferred);
            }
            None => self.batch.entities.push(EntityFact {
                id: name,
                type_name: name,
                at,
                type_at: at,
            }),
        }
    }

    /// Reads the ids below a type of the schema.
    fn below(&mut self, here: TypeHere, entities: Box<[Entry]>) {
        let ontology = self.ontology;
        let mut here = here;
        for entity in entities {
            let members = &ontology.entity_type(here.id).members;
            if let Some(inner) = self.type_in_place(members, &entity) {
                self.misplaced_type(&entity, "an id");
                if entity.item.value == Value::Null {
                    (here, self.last) = (inner, None);
                    self.type_here = Some(inner);
                } else {
                    self.entities(entity);
                }
                continue;
            }
            let key = self.batch.text(entity.key);
            let is_member = members.get(key).is_some() || PROVENANCE.contains(&key);
            let may_be_field = is_member && self.last.is_some();
            match &entity.item.value {
                Value::Map(fields) if may_be_field && !fields.is_empty() && !self.fits(members, fields) => {
                    self.misplaced_field(here, entity, "an id");
                }
                Value::Map(_) | Value::Null => {
                    self.was_reported = false;
                    let mut deferred = Vec::new();
                    here = self.entity(here, entity, &mut deferred);
                    self.deferred(here, deferred);
                }
                _ if may_be_field => self.misplaced_field(here, entity, "an id"),
                _ => self.no_entity(&entity),
            }
        }
    }

    /// Reads the ids that stand among the fields of an entity.
    fn deferred(&mut self, here: TypeHere, entities: Vec<Entry>) {
        let mut here = here;
        for entity in entities {
            let mut deferred = Vec::new();
            here = self.entity(here, entity, &mut deferred);
            self.deferred(here, deferred);
        }
    }

    /// Reports an id with something else than fields below it.
    fn no_entity(&mut self, entity: &Entry) {
        let id = shown(self.batch.text(entity.key));
        let message = format!(
            "the entity \"{id}\" is a mapping of fields, not {}",
            entity.item.value.kind()
        );
        let hint = match entity.item.value {
            Value::String(text) => {
                let text = shown(self.batch.text(text));
                match text.split_once([':', ' ']) {
                    Some((field, value)) => format!(
                        "write a colon and a space after the field: {field}: {}",
                        value.trim_start_matches(['=', ':', ' ']).trim()
                    ),
                    None => format!("write its fields below it, as in `name: {text}`"),
                }
            }
            Value::List(_) => "write its fields below it without dashes, as in `name: …`".to_owned(),
            _ => "write its fields below it, as in `name: …`".to_owned(),
        };
        let report = shape(self.batch, entity.item.at, message).hint(hint);
        self.reports.push(report.unread(Unread::Entities));
    }

    /// The type whose fields those of an entity are, if several of them are not of the type that it stands below.
    fn other_type(&self, members: &Members, fields: &[Entry]) -> Option<TypeId> {
        let keys = || {
            let keys = fields.iter().map(|it| self.batch.text(it.key));
            keys.filter(|it| !PROVENANCE.contains(it))
        };
        // One field of another type is more likely a field that the type does not have.
        if keys().filter(|it| members.get(it).is_none()).take(2).count() < 2 {
            return None;
        }
        let ontology = self.ontology;
        let mut types = ontology.type_ids().filter(|id| {
            let members = &ontology.entity_type(*id).members;
            keys().all(|it| members.get(it).is_some())
        });
        types.next().filter(|_| types.next().is_none())
    }

    /// Reads an entity, and gives the type that those after it are of. Ids that stand among its fields go to `deferred`: facts
    /// are in the order of their entities.
    fn entity(&mut self, here: TypeHere, entity: Entry, deferred: &mut Vec<Entry>) -> TypeHere {
        let ontology = self.ontology;
        let mut here = here;
        let mut members = &ontology.entity_type(here.id).members;
        let fields = match entity.item.value {
            Value::Map(fields) => fields,
            _ => Box::default(),
        };
        if let Some(id) = self.other_type(members, &fields) {
            let (name, of) = (
                &ontology.entity_type(here.id).name,
                &ontology.entity_type(id).name,
            );
            let written = shown(self.batch.text(entity.key));
            let report = Report::new(
                Code::UNKNOWN_FIELD,
                format!("\"{name}\" does not have the fields of \"{written}\", and \"{of}\" has all of them"),
            )
            .at(self.batch.place(entity.key_at), "of which type?")
            .hint(format!("write `{of}:` above it, at the beginning of a line"));
            if !std::mem::replace(&mut self.was_reported, true) {
                self.reports.push(report);
            }
            here = TypeHere {
                id,
                name: self.batch.keep(of),
                at: entity.key_at,
            };
            self.type_here = Some(here);
            members = &ontology.entity_type(here.id).members;
        }
        let no = self.batch.entities.len() as u32;
        self.batch.entities.push(EntityFact {
            id: entity.key,
            type_name: here.name,
            at: entity.key_at,
            type_at: here.at,
        });
        let default = self.default_statement(&fields);
        self.last = Some(Last {
            no,
            id: entity.key,
            default,
        });
        let mut types = Vec::new();
        for field in fields {
            let key = self.batch.text(field.key);
            if PROVENANCE.contains(&key) {
                continue;
            }
            if members.get(key).is_none() {
                if let Some(inner) = self.type_in_place(members, &field) {
                    self.misplaced_type(&field, "a field");
                    if field.item.value == Value::Null {
                        here = inner;
                        (self.type_here, self.last) = (Some(inner), None);
                    } else {
                        types.push(field);
                    }
                    continue;
                }
                if let Value::Map(inner) = &field.item.value
                    && self.fits(members, inner)
                    && !inner
                        .iter()
                        .any(|it| matches!(self.batch.text(it.key), "to" | "value"))
                {
                    self.misplaced_id(field.key, field.key_at, here, "a field");
                    deferred.push(field);
                    continue;
                }
            }
            self.field(no, Some(members), field, default);
        }
        for inner in types {
            self.entities(inner);
        }
        here
    }

    fn default_statement(&mut self, fields: &[Entry]) -> u32 {
        let file = self.file_statement.clone();
        let said = fields
            .iter()
            .any(|it| PROVENANCE.contains(&self.batch.text(it.key)));
        if !said && file.is_none() {
            return NO_STATEMENT;
        }
        let statement = citation::statement(
            self.batch,
            fields,
            self.defaults,
            file.as_ref(),
            false,
            self.reports,
        );
        self.push_statement(statement)
    }

    fn push_statement(&mut self, statement: StatementFact) -> u32 {
        self.batch.statements.push(statement);
        self.batch.statements.len() as u32 - 1
    }

    fn field(&mut self, entity: u32, members: Option<&Members>, field: Entry, default: u32) {
        let key = self.batch.text(field.key);
        let member = members.and_then(|it| it.get(key));
        let property = match (member, members) {
            (Some(Member::Property(no)), Some(members)) => Some(members.property(no)),
            _ => None,
        };
        let is_json = property.is_some_and(Property::is_json);
        // A JSON value may itself be a list, so only a list property is taken apart.
        let whole = is_json && property.is_some_and(|it| !it.list);
        let relation = matches!(member, Some(Member::Relation(_)));
        let Entry { key, key_at, item } = field;
        let items = match item.value {
            Value::Null if member.is_some() => return,
            // An unknown name is passed on once, whatever its value: it may be a misspelled one.
            Value::List(items) if !whole && member.is_some() => items.into_vec(),
            _ => vec![item],
        };
        for item in items {
            if matches!(item.value, Value::Null) && member.is_some() {
                self.report(item.at, "a list has no empty element", "leave it out");
            } else if relation {
                self.edge(entity, members, key, key_at, item, default);
            } else {
                self.value(entity, key, key_at, item, default, is_json);
            }
        }
    }

    fn value(&mut self, entity: u32, key: Str, key_at: Span, item: Item, default: u32, is_json: bool) {
        let is_statement = match &item.value {
            Value::Map(entries) => citation::is_statement(self.batch, entries, is_json),
            _ => false,
        };
        let (item, statement) = match item.value {
            Value::Map(entries) if is_statement => {
                citation::check_statement(self.batch, &entries, item.at, self.reports);
                let fallback = self.batch.statements.get(default as usize).cloned();
                let statement = citation::statement(
                    self.batch,
                    &entries,
                    self.defaults,
                    fallback.as_ref(),
                    true,
                    self.reports,
                );
                let statement = self.push_statement(statement);
                (citation::value_of(self.batch, entries, item.at), statement)
            }
            value => (Item { value, at: item.at }, default),
        };
        self.batch.values.push(ValueFact {
            entity,
            key,
            key_at,
            item,
            statement,
            own: is_statement,
        });
    }

    /// Reports an edge that leads nowhere.
    fn no_target(&mut self, entries: &[Entry], at: Span) {
        const OTHERS: [&str; 5] = ["id", "target", "node", "entity", "ref"];
        let key = |it: &Entry| self.batch.text(it.key);
        let message = "this edge does not say where it leads";
        if let Some(it) = entries.iter().find(|it| key(it) == "to") {
            let message = format!("\"to\" of an edge is an id, not {}", it.item.value.kind());
            return self.report(it.item.at, message, "write the id of one entity");
        }
        let meant = entries
            .iter()
            .find(|it| OTHERS.contains(&key(it)) || !near_misses(key(it), ["to"]).is_empty());
        match meant {
            Some(it) => {
                let hint = format!("write `to` in place of \"{}\"", shown(key(it)));
                self.report(it.key_at, message, &hint);
            }
            None => self.report(at, message, "add `to: <id>`"),
        }
    }

    fn edge(
        &mut self,
        entity: u32,
        members: Option<&Members>,
        key: Str,
        key_at: Span,
        item: Item,
        default: u32,
    ) {
        let mut fields = Vec::new();
        let is_flow = self.batch.written(item.at).starts_with('{');
        let (to, to_at, properties, statement, own) = match item.value {
            Value::String(to) | Value::Number(to) => (to, item.at, Box::default(), default, false),
            Value::Bool(_) => {
                let raw = Batch::slice(item.at.start as usize, item.at.end as usize);
                (raw, item.at, Box::default(), default, false)
            }
            Value::Map(entries) => {
                let target = entries.iter().find_map(|it| match it.item.value {
                    Value::String(to) | Value::Number(to) if self.batch.text(it.key) == "to" => {
                        Some((to, it.item.at))
                    }
                    _ => None,
                });
                let Some((to, to_at)) = target else {
                    self.no_target(&entries, item.at);
                    self.batch.refused.push((entity, key));
                    return;
                };
                let fallback = self.batch.statements.get(default as usize).cloned();
                let said = entries
                    .iter()
                    .any(|it| matches!(self.batch.text(it.key), "cite" | "rank" | "valid"));
                let statement = if said {
                    let statement = citation::statement(
                        self.batch,
                        &entries,
                        self.defaults,
                        fallback.as_ref(),
                        false,
                        self.reports,
                    );
                    self.push_statement(statement)
                } else {
                    default
                };
                let own_properties = entries
                    .into_iter()
                    .filter(|it| !matches!(self.batch.text(it.key), "to" | "cite" | "rank" | "valid"));
                let own_properties = match members {
                    // A field of the entity that is indented too deep follows the fields of the edge.
                    Some(members) => {
                        let is_field = |it: &Entry| {
                            !is_flow && self.is_field_of_entity(members, self.batch.text(key), it)
                        };
                        let (stray, own) = own_properties.partition(is_field);
                        fields = stray;
                        own
                    }
                    None => own_properties.collect::<Vec<Entry>>(),
                };
                (to, to_at, own_properties.into(), statement, said)
            }
            other => {
                let message = format!("an edge is an id or a mapping with `to`, not {}", other.kind());
                self.report(item.at, message, "write the id of the entity that it leads to");
                self.batch.refused.push((entity, key));
                return;
            }
        };
        self.batch.edges.push(EdgeFact {
            via: Via::Field { entity, key },
            via_at: key_at,
            to,
            to_at,
            properties,
            statement,
            own,
        });
        for field in fields {
            let name = shown(self.batch.text(field.key)).into_owned();
            let message = format!("the field \"{name}\" stands among the properties of an edge");
            self.report(
                field.key_at,
                message,
                "indent it like the other fields of the entity",
            );
            self.field(entity, members, field, default);
        }
    }

    /// Whether an entry of an edge is a field of the entity that the edge is of, and no property of the edge.
    fn is_field_of_entity(&self, members: &Members, relation: &str, entry: &Entry) -> bool {
        let key = self.batch.text(entry.key);
        let Some(Member::Relation(no)) = members.get(relation) else {
            return false;
        };
        let edge = self.ontology.relation(members.field(no).relation).edge;
        let own = edge.map(|it| &self.ontology.edge_types[it.index()].members);
        members.get(key).is_some() && own.is_none_or(|it| it.get(key).is_none())
    }
}
