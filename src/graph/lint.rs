//! Warnings about a graph that is valid but probably not intended, found with petgraph's algorithms.

use petgraph::algo::kosaraju_scc;
use petgraph::visit::{IntoNeighbors, IntoNodeIdentifiers};

use super::{Row, Snapshot};
use crate::ontology::{Direction, RelationId};
use crate::report::{Code, Place, Report, Reports, quoted_list};

/// Maximum number of warnings of a kind; further ones are only counted.
const MOST_NAMED: usize = 10;

/// Finds the positions of entities in files, by their ids.
pub type Places<'a> = dyn FnMut(&[&str]) -> Vec<Place> + 'a;

/// Warns about cycles in transitive relations and about isolated entities. Takes time linear in entities and edges for
/// each transitive relation. `places` is called at most once for each report.
pub fn lint(snapshot: &Snapshot, places: &mut Places) -> Reports {
    let mut reports = Reports::default();
    let ontology = snapshot.ontology();
    for id in ontology.relation_ids() {
        let relation = ontology.relation(id);
        if !relation.transitive || relation.symmetric {
            continue;
        }
        let subgraph = snapshot.view().over(&[id], Direction::Out);
        let circles = kosaraju_scc(&subgraph).into_iter().filter(|circle| {
            let to_itself = || subgraph.neighbors(circle[0]).any(|it| it == circle[0]);
            circle.len() > 1 || to_itself()
        });
        for (no, circle) in circles.enumerate() {
            if no == MOST_NAMED {
                break;
            }
            let mut ids: Vec<&str> = circle
                .iter()
                .map(|it| snapshot.id(snapshot.locate(*it)))
                .collect();
            ids.sort_unstable();
            let more = ids.len().saturating_sub(MOST_NAMED);
            ids.truncate(MOST_NAMED);
            let and_more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let message = format!(
                "the transitive relation \"{}\" has a cycle: {}{and_more}",
                relation.name,
                quoted_list(&ids, "and")
            );
            let report = Report::new(Code::TRANSITIVE_CYCLE, message)
                .hint("each of them would be part of itself; take one of the edges out");
            reports.push(report);
        }
    }
    isolated(snapshot, places, &mut reports);
    reports
}

fn isolated(snapshot: &Snapshot, places: &mut Places, reports: &mut Reports) {
    let ontology = snapshot.ontology();
    if ontology.relations.is_empty() {
        return;
    }
    let relations: Vec<RelationId> = ontology.relation_ids().collect();
    let subgraph = snapshot.view().over(&relations, Direction::Out);
    let alone =
        |row: Row| row.type_id != ontology.source_type && snapshot.links(row).all(|(_, _, it)| it.is_empty());
    let mut ids = Vec::new();
    let mut count = 0;
    for entity in subgraph.node_identifiers() {
        let row = snapshot.locate(entity);
        if alone(row) {
            count += 1;
            if ids.len() < MOST_NAMED {
                ids.push(snapshot.id(row));
            }
        }
    }
    if count == 0 {
        return;
    }
    let more = count - ids.len();
    let and_more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let (noun, verb) = if count == 1 {
        ("entity has", "it")
    } else {
        ("entities have", "them")
    };
    let mut report = Report::new(
        Code::ISOLATED,
        format!("{count} {noun} no edge: {}{and_more}", quoted_list(&ids, "and")),
    )
    .hint(format!("relate {verb} to others, or take {verb} out"));
    let mut places = places(&ids).into_iter();
    if let Some(first) = places.next() {
        report = report.at(first, "has no edge");
    }
    for place in places {
        report = report.also(Some(place), "nor has this");
    }
    reports.push(report);
}
