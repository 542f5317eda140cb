//! Entities get their numbers.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Context, Origin};
use crate::graph::ids::IdIndex;
use crate::graph::strings::Strings;
use crate::graph::{EntityNo, Row};
use crate::ontology::{Domain, TypeId};
use crate::report::{Code, Report, Reports, did_you_mean, near_misses};

/// The entities, sorted and numbered.
pub(super) struct Entities {
    pub bases: Vec<u32>,
    /// For each type, the ids of its rows.
    pub ids: Vec<Strings>,
    /// For each type, where each row's entity is written.
    pub origins: Vec<Vec<Origin>>,
    /// For each batch and entity in it, its number; `u32::MAX` where it has none.
    pub numbers: Vec<Vec<u32>>,
    pub index: IdIndex,
}

impl Entities {
    pub fn locate(&self, entity: EntityNo) -> Row {
        let type_no = self.bases.partition_point(|base| *base <= entity.0) - 1;
        Row {
            type_id: TypeId::at(type_no),
            row: (entity.0 - self.bases[type_no]) as usize,
        }
    }

    pub fn id(&self, entity: EntityNo) -> &str {
        let row = self.locate(entity);
        self.ids[row.type_id.index()].text(row.row).unwrap_or_default()
    }

    pub fn find(&self, id: &str) -> Option<EntityNo> {
        self.index.find(id, |entity| self.id(entity))
    }

    /// The number of an entity of a batch.
    pub fn of_batch(&self, batch: u32, at: u32) -> Option<EntityNo> {
        let number = self.numbers[batch as usize][at as usize];
        (number != u32::MAX).then_some(EntityNo(number))
    }

    /// What to say of an id that nothing defines.
    pub fn unknown(&self, id: &str) -> String {
        // Comparing with every id of a large graph takes long; the first million will do.
        let all = self
            .ids
            .iter()
            .flat_map(|ids| (0..ids.len()).filter_map(|row| ids.text(row)));
        let near = near_misses(id, all.take(1_000_000));
        if near.is_empty() {
            "define the entity, or mend the id".to_owned()
        } else {
            format!("did you mean {}?", crate::report::quoted_list(&near, "or"))
        }
    }
}

/// Letters, digits and what RFC 3986 allows in a path, so that an id needs no escape there.
fn is_url_safe(id: &str) -> bool {
    let allowed = |char: char| char.is_alphanumeric() || "-._~!$&'()*+,;=:@/%".contains(char);
    !id.is_empty() && id.len() <= 1024 && id.chars().all(allowed)
}

fn type_names<'a>(context: &'a Context) -> HashMap<&'a str, TypeId> {
    let ids = context.ontology.type_ids();
    ids.map(|id| (context.ontology.entity_type(id).name.as_str(), id))
        .collect()
}

/// Sorts the entities of each type by id and numbers them through.
pub(super) fn number(context: &Context, reports: &mut Reports) -> Entities {
    let types = type_names(context);
    let mut by_type: Vec<Vec<Origin>> = vec![Vec::new(); types.len()];
    let mut unknown: HashMap<&str, usize> = HashMap::new();
    for (batch_no, batch) in context.batches.iter().enumerate() {
        let mut last: Option<(&str, TypeId)> = None;
        for (at, entity) in batch.entities.iter().enumerate() {
            let name = batch.text(entity.type_name);
            let known = match last {
                Some((last_name, id)) if last_name == name => Some(id),
                _ => types.get(name).copied(),
            };
            let origin = Origin {
                batch: batch_no as u32,
                at: at as u32,
            };
            match known {
                Some(id) => {
                    last = Some((name, id));
                    by_type[id.index()].push(origin);
                }
                None => {
                    // Once a type is enough; its entities are all wrong for the same reason.
                    let seen = unknown.entry(name).or_insert(0);
                    *seen += 1;
                    if *seen == 1 {
                        reports.push(unknown_type(context, origin, name));
                    }
                }
            }
            let id = batch.text(entity.id);
            if !is_url_safe(id) {
                let report = Report::new(Code::BAD_ID, format!("the id \"{id}\" is not URL-safe"))
                    .at(batch.place(entity.at), "not an id")
                    .hint("use letters, digits and - . _ ~ : / ( ) and the like, at most 1024 bytes, and no spaces");
                reports.push(report);
            }
        }
    }
    let id_of = |origin: &Origin| {
        let batch = context.batch(*origin);
        batch.text(batch.entities[origin.at as usize].id)
    };
    for origins in &mut by_type {
        origins.par_sort_unstable_by(|a, b| id_of(a).cmp(id_of(b)).then(a.cmp(b)));
        origins.dedup_by(|later, first| {
            let twice = id_of(later) == id_of(first);
            if twice {
                reports.push(duplicate(context, *later, *first));
            }
            twice
        });
    }
    let ids: Vec<Strings> = by_type
        .par_iter()
        .map(|origins| {
            let mut ids = Strings::default();
            for origin in origins {
                ids.push(id_of(origin));
            }
            ids.shrink();
            ids
        })
        .collect();
    let mut bases = vec![0u32];
    let mut total = 0u64;
    for origins in &by_type {
        total += origins.len() as u64;
        bases.push(total.min(u64::from(u32::MAX)) as u32);
    }
    let mut numbers: Vec<Vec<u32>> = context
        .batches
        .iter()
        .map(|it| vec![u32::MAX; it.entities.len()])
        .collect();
    if total >= u64::from(u32::MAX) {
        reports.push(Report::new(
            Code::TOO_MUCH,
            format!("{total} entities are more than a graph can hold: 4,294,967,294"),
        ));
    }
    let mut entities = Entities {
        bases,
        ids,
        origins: by_type,
        numbers: Vec::new(),
        index: IdIndex::with_capacity(total as usize),
    };
    let mut index = std::mem::take(&mut entities.index);
    for type_no in 0..entities.origins.len() {
        for (row, origin) in entities.origins[type_no].iter().enumerate() {
            let entity = EntityNo(entities.bases[type_no] + row as u32);
            numbers[origin.batch as usize][origin.at as usize] = entity.0;
            if let Some(other) = index.insert(entity, |entity| entities.id(entity)) {
                let other = entities.locate(other);
                let first = entities.origins[other.type_id.index()][other.row];
                reports.push(duplicate(context, *origin, first));
            }
        }
    }
    entities.index = index;
    entities.numbers = numbers;
    entities
}

fn duplicate(context: &Context, later: Origin, first: Origin) -> Report {
    let fact = context.entity_fact(later);
    let id = context.batch(later).text(fact.id);
    Report::new(Code::DUPLICATE_ID, format!("the id \"{id}\" is defined twice"))
        .at(context.place(later, fact.at), "again here")
        .also(
            Some(context.place(first, context.entity_fact(first).at)),
            "first here",
        )
        .hint("ids are unique in the whole graph, whatever the type; put what both say under one of them")
}

fn unknown_type(context: &Context, origin: Origin, name: &str) -> Report {
    let ontology = context.ontology;
    let fact = context.entity_fact(origin);
    let place = context.place(origin, fact.type_at);
    let not_entity = match ontology.domain(name) {
        Some(Domain::Interface(_)) => Some("an interface"),
        Some(Domain::Union(_)) => Some("a union"),
        _ if ontology.edge_types.iter().any(|it| it.name == name) => Some("an edge type"),
        _ => None,
    };
    if let Some(kind) = not_entity {
        let types = ontology
            .domain(name)
            .map(|domain| ontology.types_of(domain))
            .unwrap_or_default();
        let names: Vec<&str> = types
            .iter()
            .map(|id| ontology.entity_type(*id).name.as_str())
            .collect();
        let hint = if names.is_empty() {
            "properties of an edge stand beside its `to`".to_owned()
        } else {
            format!(
                "say which of its types it is: {}",
                crate::report::quoted_list(&names, "or")
            )
        };
        return Report::new(
            Code::NOT_AN_ENTITY_TYPE,
            format!("\"{name}\" is {kind}, and an entity has a type"),
        )
        .at(place, "not an entity type")
        .hint(hint);
    }
    let names = || ontology.types.iter().map(|it| it.name.as_str());
    let hint = did_you_mean(name, names(), || {
        let names: Vec<&str> = names().collect();
        format!(
            "the schema's types are {}",
            crate::report::quoted_list(&names, "and")
        )
    });
    Report::new(
        Code::UNKNOWN_ENTITY_TYPE,
        format!("the schema has no type \"{name}\""),
    )
    .at(place, "unknown")
    .hint(hint)
}
