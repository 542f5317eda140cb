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
    ValueFact, Via, tree,
};
use crate::memory::Allowance;
use crate::ontology::{Member, Members, Ontology, Property};
use crate::report::{Reports, SourceText, did_you_mean, shown};

/// Reads a file. It reads none of it where it takes more memory than there may be.
pub(super) fn read(
    source: &Arc<SourceText>,
    ontology: &Ontology,
    memory: &Allowance,
    reports: &mut Reports,
) -> Batch {
    let mut batch = Batch::new(source.clone());
    let documents = match tree::documents(&mut batch, memory, reports) {
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
            defaults: Defaults::default(),
            file_statement: None,
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
        // The defaults hold for the whole file, wherever they stand.
        for entry in &entries {
            match (self.batch.text(entry.key), &entry.item.value) {
                ("source", Value::String(id)) => {
                    self.defaults.source = Some(*id);
                    self.batch.default_sources.push((*id, entry.item.at));
                }
                ("source", _) => self.report(
                    entry.item.at,
                    "the default source is the id of a Source",
                    "write source: <id>",
                ),
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
                _ => self.entities(entry),
            }
        }
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
        for entry in entries {
            let key = self.batch.text(entry.key).to_owned();
            if key == "examples" {
                self.examples(&entry.item);
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
            match place {
                Some(place) => {
                    // Another document of the file may have it too, which is reported when all files are read.
                    place.get_or_insert(text);
                    self.batch.graph_keys.push((entry.key, entry.key_at));
                }
                None => {
                    let hint = did_you_mean(
                        &key,
                        ["title", "description", "licence", "url", "examples"],
                        || "it has title, description, licence, url and examples".to_owned(),
                    );
                    self.report(entry.key_at, format!("the graph has no \"{key}\""), &hint);
                }
            }
        }
    }

    fn examples(&mut self, item: &Item) {
        const HINT: &str = "write each as {title: …, query: …}";
        let Value::List(items) = &item.value else {
            return self.report(item.at, "`examples` of the graph is a list", HINT);
        };
        for item in items {
            let Value::Map(entries) = &item.value else {
                self.report(item.at, "an example is a mapping", HINT);
                continue;
            };
            for entry in entries {
                let word = self.batch.text(entry.key).to_owned();
                if !matches!(word.as_str(), "title" | "query") {
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
                _ => self.report(item.at, "an example has a title and a query", HINT),
            }
        }
    }

    fn entities(&mut self, entry: Entry) {
        let name = self.batch.text(entry.key).to_owned();
        let entities = match entry.item.value {
            Value::Map(entities) if !entities.is_empty() => entities,
            Value::Map(_) | Value::Null => {
                self.batch.empty_types.push((entry.key, entry.key_at));
                return;
            }
            other => {
                let message = format!("below a type stand ids, not {}", other.kind());
                self.report(
                    entry.item.at,
                    message,
                    "write an id and a colon, and below it the entity's fields",
                );
                return;
            }
        };
        let ontology = self.ontology;
        let members = ontology
            .type_named(&name)
            .map(|id| &ontology.entity_type(id).members);
        for entity in entities {
            let fields = match entity.item.value {
                Value::Map(fields) => fields,
                Value::Null => Box::default(),
                ref other => {
                    let id = self.batch.text(entity.key);
                    let message = format!("the entity \"{id}\" is a mapping of fields, not {}", other.kind());
                    let hint = match entity.item.value {
                        Value::String(text) => {
                            let text = shown(self.batch.text(text));
                            match text.split_once([':', ' ']) {
                                Some((field, value)) => format!(
                                    "write a colon and a space after the field: {field}: {}",
                                    value.trim()
                                ),
                                None => format!("write its fields below it, as in `name: {text}`"),
                            }
                        }
                        _ => "write its fields below it, as in `name: …`".to_owned(),
                    };
                    self.report(entity.item.at, message, &hint);
                    continue;
                }
            };
            let no = self.batch.entities.len() as u32;
            self.batch.entities.push(EntityFact {
                id: entity.key,
                type_name: entry.key,
                at: entity.key_at,
                type_at: entry.key_at,
            });
            let default = self.default_statement(&fields);
            for field in fields {
                if !matches!(self.batch.text(field.key), "cite" | "rank" | "valid") {
                    self.field(no, members, field, default);
                }
            }
        }
    }

    fn default_statement(&mut self, fields: &[Entry]) -> u32 {
        let file = self.file_statement.clone();
        let said = fields
            .iter()
            .any(|it| matches!(self.batch.text(it.key), "cite" | "rank" | "valid"));
        if !said && file.is_none() {
            return NO_STATEMENT;
        }
        let statement = citation::statement(self.batch, fields, self.defaults, file.as_ref(), self.reports);
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
                self.edge(entity, key, key_at, item, default);
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
                citation::check_statement(self.batch, &entries, self.reports);
                let fallback = self.batch.statements.get(default as usize).cloned();
                let statement = citation::statement(
                    self.batch,
                    &entries,
                    self.defaults,
                    fallback.as_ref(),
                    self.reports,
                );
                let statement = self.push_statement(statement);
                let value = entries.into_iter().find(|it| self.batch.text(it.key) == "value");
                let item = value.map_or(
                    Item {
                        value: Value::Null,
                        at: item.at,
                    },
                    |it| it.item,
                );
                (item, statement)
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

    fn edge(&mut self, entity: u32, key: Str, key_at: Span, item: Item, default: u32) {
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
                    self.report(item.at, "this edge does not say where it leads", "add `to: <id>`");
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
                        self.reports,
                    );
                    self.push_statement(statement)
                } else {
                    default
                };
                let own_properties = entries
                    .into_iter()
                    .filter(|it| !matches!(self.batch.text(it.key), "to" | "cite" | "rank" | "valid"));
                (to, to_at, own_properties.collect(), statement, said)
            }
            other => {
                let message = format!("an edge is an id or a mapping with `to`, not {}", other.kind());
                self.report(item.at, message, "write the id of the entity that it leads to");
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
    }
}
