//! Compares Clew's plans with async-graphql's dynamic executor: the same graph, ontology and operation in one process.
//!
//! `cargo bench --bench executors [-- --seconds 0.2 --rounds 9]` first checks that both answers have the same bytes.
//! Then it measures both in turns, so that disturbances of the machine affect both, and prints a table of the medians
//! in Markdown.

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use async_graphql::Value;
use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, InputObject, InputValue, Object, ResolverContext, Schema, TypeRef,
};
use clew::api::{Engine, Limits, Request};
use clew::bench::Shape;
use clew::facts::Progress;
use clew::graph::{self, EntityNo, Row, Snapshot};
use clew::ontology::{self, Direction, Domain, EntityType, PropertyNo, RelationField, Scalar, TypeId};
use clew::report::Reports;
use clew::search::{Background, Deadline, Search, SearchLimits, SearchText};

/// A query for both executors.
struct Question {
    name: &'static str,
    query: &'static str,
}

const QUESTIONS: [Question; 8] = [
    Question {
        name: "plan-cache hit, nothing written",
        query: "{ __typename }",
    },
    Question {
        name: "point lookup",
        query: r#"{ person(id: "p777") { id name born about } }"#,
    },
    Question {
        name: "1 hop",
        query: r#"{ person(id: "p777") { name knows(first: 10) { nodes { id name about } } wrote(first: 10) { nodes { title } } } }"#,
    },
    Question {
        name: "3 hops",
        query: r#"{ person(id: "p777") { name knows(first: 5) { nodes { name knows(first: 5) { nodes { name knows(first: 5) { nodes { name } } } } } } } }"#,
    },
    Question {
        name: "1,000 rows",
        query: "{ people(first: 1000) { nodes { id label name about } } }",
    },
    Question {
        name: "filter: contains",
        query: r#"{ people(first: 50, filter: { about: { contains: "lali" } }) { nodes { id name } } }"#,
    },
    Question {
        name: "search",
        query: r#"{ search(query: "saro", first: 10) { nodes { id label } } }"#,
    },
    Question {
        name: "path",
        query: r#"{ path(from: "p777", to: "p4242", maxHops: 4) { length } }"#,
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let (mut seconds, mut rounds) = (0.2, 9);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a number"));
        match argument.as_str() {
            "--bench" => {}
            "--seconds" => seconds = value()?.parse()?,
            "--rounds" => rounds = value()?.parse()?,
            other => return Err(format!("there is no option {other}").into()),
        }
    }
    let shape: Shape = "entities=30k,edges=300k,seed=7".parse()?;
    let ontology = ontology::compile(&[Shape::schema()]).map_err(|_| "the schema")?;
    let mut reports = Reports::default();
    let (files, _) = shape.files();
    let snapshot = graph::build(&Arc::new(ontology), &files, &Progress::default(), &mut reports);
    let snapshot = Arc::new(snapshot.ok_or("the graph")?);
    let engine = Engine::new(snapshot.clone(), Limits::default())?;
    engine.index().make()?;
    let theirs = schema(&snapshot, engine.index())?;

    println!("| question | fields | bytes | Clew µs | async-graphql µs | Clew ns a field | ratio |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for question in &QUESTIONS {
        let ours = || {
            let request = Request {
                query: question.query,
                operation_name: None,
                variables: None,
            };
            engine.execute(request).body
        };
        let theirs = || serde_json::to_vec(&run(theirs.execute(question.query)));
        let (answer, other) = (ours(), theirs()?);
        if answer != other {
            let [answer, other] = [answer, other].map(|it| String::from_utf8_lossy(&it).into_owned());
            return Err(format!("{}: the answers differ:\n{answer}\n{other}", question.name).into());
        }
        let fields = leaves(&serde_json::from_slice(&answer)?);
        let time = Duration::from_secs_f64(seconds);
        let (mut clew, mut others) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            clew.push(nanoseconds(time, || ours().len()));
            others.push(nanoseconds(time, || theirs().map_or(0, |it| it.len())));
        }
        let (clew, others) = (median(clew), median(others));
        println!(
            "| {} | {fields} | {} | {:.2} | {:.2} | {:.1} | {:.1} × |",
            question.name,
            answer.len(),
            clew / 1000.0,
            others / 1000.0,
            clew / fields as f64,
            others / clew,
        );
    }
    Ok(())
}

/// Average time of a run, measured over this time.
fn nanoseconds(time: Duration, mut run: impl FnMut() -> usize) -> f64 {
    let start = Instant::now();
    let mut runs = 0;
    while start.elapsed() < time {
        for _ in 0..8 {
            std::hint::black_box(run());
        }
        runs += 8;
    }
    start.elapsed().as_nanos() as f64 / f64::from(runs)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Number of values in an answer.
fn leaves(answer: &serde_json::Value) -> usize {
    match answer {
        serde_json::Value::Array(items) => items.iter().map(leaves).sum(),
        serde_json::Value::Object(fields) => fields.values().map(leaves).sum(),
        _ => 1,
    }
}

/// Runs a future that is always ready.
fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// The value that resolvers pass to those below: an entity, or entities.
struct Found(Vec<Row>);

/// The schema, written in the usual way for async-graphql: an object per type and a resolver per field.
fn schema(snapshot: &Arc<Snapshot>, search: Arc<Background>) -> Result<Schema, Box<dyn Error>> {
    let ontology = snapshot.ontology();
    let mut schema = Schema::build("Query", None, None);
    let mut query = Object::new("Query");
    for id in ontology.type_ids() {
        let entity_type = ontology.entity_type(id);
        schema = schema.register(entity(snapshot, entity_type));
        let nodes = nodes(&entity_type.name);
        schema = schema.register(Object::new(connection(&entity_type.name)).field(nodes));
        query = query
            .field(one(snapshot, id, entity_type))
            .field(many(snapshot, id, entity_type));
    }
    let contains = InputValue::new("contains", TypeRef::named(TypeRef::STRING));
    schema = schema.register(InputObject::new("Test").field(contains));
    let mut filter = InputObject::new("Filter");
    let mut known = Vec::new();
    for entity_type in &ontology.types {
        for property in &entity_type.members.properties {
            if !known.contains(&&property.name) {
                known.push(&property.name);
                filter = filter.field(InputValue::new(&property.name, TypeRef::named("Test")));
            }
        }
    }
    let labelled = Object::new("Labelled")
        .field(id_field(snapshot))
        .field(label_field(snapshot));
    let found = Object::new("FoundConnection").field(nodes("Labelled"));
    let length = Field::new("length", TypeRef::named_nn(TypeRef::INT), |context| {
        FieldFuture::new(async move {
            let length = context.parent_value.try_downcast_ref::<u32>()?;
            Ok(Some(Value::from(*length)))
        })
    });
    let query = query
        .field(search_field(snapshot, search))
        .field(path_field(snapshot));
    let schema = schema
        .register(filter)
        .register(labelled)
        .register(found)
        .register(Object::new("Path").field(length))
        .register(query);
    Ok(schema.finish()?)
}

/// The entities in a result.
fn nodes(type_name: &str) -> Field {
    Field::new("nodes", TypeRef::named_nn_list_nn(type_name), |context| {
        FieldFuture::new(async move {
            let found = context.parent_value.try_downcast_ref::<Found>()?;
            let rows = found.0.iter().map(|it| FieldValue::owned_any(*it));
            Ok(Some(FieldValue::list(rows)))
        })
    })
}

fn connection(type_name: &str) -> String {
    format!("{type_name}Connection")
}

fn first(context: &ResolverContext) -> usize {
    let first = context.args.get("first").and_then(|it| it.u64().ok());
    first.map_or(100, |it| usize::try_from(it).unwrap_or(100))
}

fn string(context: &ResolverContext, name: &str) -> async_graphql::Result<String> {
    Ok(context.args.try_get(name)?.string()?.to_owned())
}

fn id_field(snapshot: &Arc<Snapshot>) -> Field {
    let snapshot = snapshot.clone();
    Field::new("id", TypeRef::named_nn(TypeRef::ID), move |context| {
        let snapshot = snapshot.clone();
        FieldFuture::new(async move {
            let row = context.parent_value.try_downcast_ref::<Row>()?;
            Ok(Some(Value::from(snapshot.view().id(*row))))
        })
    })
}

fn label_field(snapshot: &Arc<Snapshot>) -> Field {
    let snapshot = snapshot.clone();
    Field::new("label", TypeRef::named_nn(TypeRef::STRING), move |context| {
        let snapshot = snapshot.clone();
        FieldFuture::new(async move {
            let row = context.parent_value.try_downcast_ref::<Row>()?;
            Ok(Some(Value::from(snapshot.view().label(*row))))
        })
    })
}

fn entity(snapshot: &Arc<Snapshot>, entity_type: &EntityType) -> Object {
    let mut object = Object::new(&entity_type.name)
        .field(id_field(snapshot))
        .field(label_field(snapshot));
    for (at, property) in entity_type.members.properties.iter().enumerate() {
        let no = PropertyNo(u16::try_from(at).expect("few properties"));
        let ty = match property.scalar {
            Scalar::Int => TypeRef::INT,
            _ => TypeRef::STRING,
        };
        let snapshot = snapshot.clone();
        object = object.field(Field::new(&property.name, TypeRef::named(ty), move |context| {
            let snapshot = snapshot.clone();
            FieldFuture::new(async move {
                let row = context.parent_value.try_downcast_ref::<Row>()?;
                let Some(value) = snapshot.view().value_of(*row, no) else {
                    return Ok(None);
                };
                Ok(if let Some(text) = value.text() {
                    Some(Value::from(text))
                } else if let Some(number) = value.int() {
                    Some(Value::from(number))
                } else {
                    value.date().map(|it| Value::from(it.to_string()))
                })
            })
        }));
    }
    for field in &entity_type.members.fields {
        if let (Domain::Type(target), true) = (field.target, field.many) {
            object = object.field(relation(snapshot, field, target));
        }
    }
    object
}

fn relation(snapshot: &Arc<Snapshot>, field: &RelationField, target: TypeId) -> Field {
    let name = connection(&snapshot.ontology().entity_type(target).name);
    let (relation, direction) = (field.relation, field.direction);
    let snapshot = snapshot.clone();
    let field = Field::new(&field.name, TypeRef::named_nn(name), move |context| {
        let snapshot = snapshot.clone();
        FieldFuture::new(async move {
            let row = context.parent_value.try_downcast_ref::<Row>()?;
            let neighbours = snapshot.view().neighbours(*row, relation, direction);
            let rows = neighbours
                .take(first(&context))
                .map(|(entity, _)| snapshot.view().locate(entity));
            Ok(Some(FieldValue::owned_any(Found(rows.collect()))))
        })
    });
    field.argument(InputValue::new("first", TypeRef::named(TypeRef::INT)))
}

fn one(snapshot: &Arc<Snapshot>, id: TypeId, entity_type: &EntityType) -> Field {
    let snapshot = snapshot.clone();
    let field = Field::new(
        &entity_type.root.one,
        TypeRef::named(&entity_type.name),
        move |context| {
            let snapshot = snapshot.clone();
            FieldFuture::new(async move {
                let found = snapshot
                    .view()
                    .find(&string(&context, "id")?)
                    .map(|it| snapshot.view().locate(it));
                Ok(found.filter(|it| it.type_id == id).map(FieldValue::owned_any))
            })
        },
    );
    field.argument(InputValue::new("id", TypeRef::named_nn(TypeRef::ID)))
}

fn many(snapshot: &Arc<Snapshot>, id: TypeId, entity_type: &EntityType) -> Field {
    let snapshot = snapshot.clone();
    let name = connection(&entity_type.name);
    let field = Field::new(&entity_type.root.many, TypeRef::named_nn(name), move |context| {
        let snapshot = snapshot.clone();
        FieldFuture::new(async move {
            let mut tests = Vec::new();
            if let Some(filter) = context.args.get("filter") {
                for (name, test) in filter.object()?.iter() {
                    let member = snapshot.ontology().entity_type(id).members.get(name);
                    if let Some(ontology::Member::Property(no)) = member {
                        tests.push((no, test.object()?.try_get("contains")?.string()?.to_owned()));
                    }
                }
            }
            let meets = |row: &Row| {
                tests.iter().all(|(no, text)| {
                    let value = snapshot.view().stored_text(*row, *no);
                    value.is_some_and(|it| it.contains(text.as_str()))
                })
            };
            let view = snapshot.view();
            let rows = view.entities_of(id, None).map(|it| view.locate(it));
            let found = rows.filter(meets).take(first(&context)).collect();
            Ok(Some(FieldValue::owned_any(Found(found))))
        })
    });
    field
        .argument(InputValue::new("first", TypeRef::named(TypeRef::INT)))
        .argument(InputValue::new("filter", TypeRef::named("Filter")))
}

fn search_field(snapshot: &Arc<Snapshot>, search: Arc<Background>) -> Field {
    let snapshot = snapshot.clone();
    let field = Field::new("search", TypeRef::named_nn("FoundConnection"), move |context| {
        let (snapshot, search) = (snapshot.clone(), search.clone());
        FieldFuture::new(async move {
            let text = string(&context, "query")?;
            let typed = SearchText::read(&text, false);
            let asked = Search {
                typed: &typed,
                types: None,
                property: None,
            };
            let effort = SearchLimits {
                over: &|| false,
                deadline: Deadline(None),
                bytes: usize::MAX,
            };
            let found = search.make()?.search(snapshot.view(), asked, effort)?.found;
            let rows = found
                .iter()
                .take(first(&context))
                .map(|it| snapshot.view().locate(it.entity));
            Ok(Some(FieldValue::owned_any(Found(rows.collect()))))
        })
    });
    field
        .argument(InputValue::new("query", TypeRef::named_nn(TypeRef::STRING)))
        .argument(InputValue::new("first", TypeRef::named(TypeRef::INT)))
}

fn path_field(snapshot: &Arc<Snapshot>) -> Field {
    let snapshot = snapshot.clone();
    let field = Field::new("path", TypeRef::named("Path"), move |context| {
        let snapshot = snapshot.clone();
        FieldFuture::new(async move {
            let end = |name: &str| -> async_graphql::Result<Option<EntityNo>> {
                Ok(snapshot.view().find(&string(&context, name)?))
            };
            let (Some(from), Some(to)) = (end("from")?, end("to")?) else {
                return Ok(None);
            };
            let most = context.args.try_get("maxHops")?.u64()?;
            let all: Vec<_> = snapshot.ontology().relation_ids().collect();
            let view = snapshot.view().over(&all, Direction::Both);
            let found = petgraph::algo::astar(&view, from, |it| it == to, |_| 1_u32, |_| 0);
            let length = found.map(|it| it.0).filter(|it| u64::from(*it) <= most);
            Ok(length.map(FieldValue::owned_any))
        })
    });
    let id = || TypeRef::named_nn(TypeRef::ID);
    field
        .argument(InputValue::new("from", id()))
        .argument(InputValue::new("to", id()))
        .argument(InputValue::new("maxHops", TypeRef::named(TypeRef::INT)))
}
