//! Which facts cite each source, in the order of their places in it.
//!
//! A source with a `structure` has its sections in the order of the structure. Else, and within a section, places are
//! compared as texts whose numbers count by their value, so `history/2` comes before `history/10`. A citation of the
//! source as a whole comes first.
//!
//! ```text
//! starts (by source)   0        2              5      source i's facts are facts[starts[i]..starts[i+1]]
//! facts                a  b     c  d  e               16 bytes each
//! ```
//!
//! [`Cited::build`] takes O(n log n) for n citations of facts and looks at every fact once.

use std::cmp::Ordering;
use std::collections::HashMap;

use rayon::prelude::*;

use super::locator::Structure;
use super::value::ValueRef;
use super::{Citation, EdgeNo, EntityNo, Row, Snapshot, StatementNo, View};
use crate::ontology::{Direction, Member, PropertyNo, RelationId, TypeId};

/// Marks the number of a relation among those of properties.
const RELATION: u32 = 1 << 31;

/// A fact that cites a source.
#[derive(Debug, Clone, Copy)]
pub struct CitedFact {
    /// The entity that it is about.
    entity: EntityNo,
    /// The property or, with [`RELATION`], the relation.
    member: u32,
    /// The position of the value in its column, or of the edge among the entity's.
    at: u32,
    /// Which citation it is.
    citation: u32,
}

/// The statement of a fact that cites a source.
#[derive(Debug, Clone, Copy)]
pub enum CitedFactKind<'a> {
    /// A value.
    Value {
        /// The property.
        property: PropertyNo,
        /// The value.
        value: ValueRef<'a>,
        /// The statement that says it.
        statement: StatementNo,
    },
    /// An edge, from its start.
    Edge {
        /// The relation.
        relation: RelationId,
        /// The direction in which it is stored.
        direction: Direction,
        /// The entity at its end.
        target: EntityNo,
        /// The edge.
        edge: EdgeNo,
    },
}

/// The facts that cite each source.
#[derive(Debug)]
pub struct Cited {
    starts: Vec<usize>,
    facts: Vec<CitedFact>,
    /// For each source that has a structure, the places of its sections by their names.
    sections: HashMap<EntityNo, Sections>,
}

type Sections = HashMap<String, usize>;

impl Cited {
    /// Finds the facts that cite each source.
    pub fn build(snapshot: &Snapshot) -> Self {
        let ontology = snapshot.ontology();
        let source_type = ontology.source_type;
        let mut facts: Vec<CitedFact> = Vec::new();
        for id in ontology.type_ids() {
            snapshot.cited_values(id, &mut facts);
        }
        for id in ontology.relation_ids() {
            snapshot.cited_edges(id, &mut facts);
        }
        facts.shrink_to_fit();
        let mut sections = HashMap::new();
        if let Some(Member::Property(no)) = ontology.entity_type(source_type).members.get("structure") {
            for row in snapshot.rows_of(source_type) {
                let json = snapshot.column(source_type, no).values().json(row.row);
                if let Some(Ok(structure)) = json.map(Structure::parse) {
                    sections.insert(snapshot.number(row), structure.places());
                }
            }
        }
        let source = |it: &CitedFact| snapshot.statements.sources[it.citation as usize];
        facts.par_sort_unstable_by(|a, b| {
            let by_source = source(a).cmp(&source(b));
            by_source.then_with(|| {
                let sections = sections.get(&EntityNo(source(a)));
                let place = |it: &CitedFact| (snapshot.locator(it), snapshot.id(snapshot.locate(it.entity)));
                let (a_place, b_place) = (place(a), place(b));
                compare_places(sections, a_place.0, b_place.0)
                    .then_with(|| a_place.1.cmp(b_place.1))
                    .then_with(|| (a.member, a.at, a.citation).cmp(&(b.member, b.at, b.citation)))
            })
        });
        let starts = snapshot.range(source_type).chain([u32::MAX]);
        let starts = starts
            .map(|no| facts.partition_point(|it| source(it) < no))
            .collect();
        Self {
            starts,
            facts,
            sections,
        }
    }

    /// The facts that cite a source, in order; of each the ones that a view does not show too.
    pub fn of(&self, source: Row) -> &[CitedFact] {
        match self.starts.get(source.row..source.row + 2) {
            Some(bounds) => &self.facts[bounds[0]..bounds[1]],
            None => &[],
        }
    }

    /// The order of two places in a source.
    pub fn compare(&self, source: EntityNo, a: Option<&str>, b: Option<&str>) -> Ordering {
        compare_places(self.sections.get(&source), a, b)
    }
}

impl Snapshot {
    fn locator(&self, fact: &CitedFact) -> Option<&str> {
        self.statements.locators.text(fact.citation as usize)
    }

    fn note_citations(&self, fact: CitedFact, statement: StatementNo, facts: &mut Vec<CitedFact>) {
        let citations = self.statements.citation_range(statement);
        facts.extend(citations.map(|citation| CitedFact { citation, ..fact }));
    }

    /// Collects the citations of the values of a type's entities.
    fn cited_values(&self, id: TypeId, facts: &mut Vec<CitedFact>) {
        for (no, column) in self.tables[id.index()].columns.iter().enumerate() {
            let mut note = |row: usize, at: u32, statement| {
                let fact = CitedFact {
                    entity: self.number(Row { type_id: id, row }),
                    member: no as u32,
                    at,
                    citation: 0,
                };
                self.note_citations(fact, statement, facts);
            };
            if column.statements().next().is_none() {
                continue;
            }
            if column.is_list() {
                for row in 0..self.rows(id) {
                    for at in column.range(row) {
                        note(row, at as u32, column.statement(at));
                    }
                }
                continue;
            }
            for position in 0..column.positions() {
                let (values, at) = column.value_of(position);
                if !values.is_null(at) {
                    let (row, _, statement) = column.place(position);
                    note(row, position, statement);
                }
            }
        }
    }

    /// Collects the citations of a relation's edges, each from its start; of a symmetric one from the end that comes
    /// first.
    fn cited_edges(&self, relation: RelationId, facts: &mut Vec<CitedFact>) {
        let edges = &self.relations[relation.index()];
        if edges.statements.is_none() {
            return;
        }
        let view = self.view();
        let symmetric = self.ontology().relation(relation).symmetric;
        for (type_no, starts) in edges.out.starts.iter() {
            let id = TypeId::at(type_no);
            for (row, _) in starts.iter() {
                let row = Row {
                    type_id: id,
                    row: row as usize,
                };
                let entity = self.number(row);
                let neighbours = edges.out.of(id.index(), row.row);
                for (at, (end, edge)) in neighbours.iter().enumerate() {
                    if symmetric && view.order_key(entity) > view.order_key(end) {
                        continue;
                    }
                    let fact = CitedFact {
                        entity,
                        member: RELATION | relation.index() as u32,
                        at: at as u32,
                        citation: 0,
                    };
                    self.note_citations(fact, self.edge_statement(relation, edge), facts);
                }
            }
        }
    }
}

impl<'a> View<'a> {
    /// The statement of a fact that cites a source, and its subject. `None` if it does not hold at the date, or if it is about a
    /// hidden entity.
    pub fn cited_fact(self, fact: CitedFact) -> Option<(Row, CitedFactKind<'a>)> {
        if self.hides(fact.entity) {
            return None;
        }
        let row = self.locate(fact.entity);
        if fact.member & RELATION == 0 {
            let property = PropertyNo(fact.member as u16);
            let column = self.column(row.type_id, property);
            let (_, _, statement) = column.place(fact.at);
            let what = CitedFactKind::Value {
                property,
                value: ValueRef::of(column.value_of(fact.at)),
                statement,
            };
            return self.holds(statement).then_some((row, what));
        }
        let relation = RelationId((fact.member & !RELATION) as u16);
        let direction = if self.ontology().relation(relation).symmetric {
            Direction::Both
        } else {
            Direction::Out
        };
        let (target, edge) = self
            .stored_neighbours(row, relation, direction)
            .get(fact.at as usize);
        let what = CitedFactKind::Edge {
            relation,
            direction,
            target,
            edge,
        };
        (!self.hides(target) && self.edge_holds(relation, edge)).then_some((row, what))
    }

    /// The citation by which a fact cites a source.
    pub fn citation_of(self, fact: CitedFact) -> Citation<'a> {
        self.statements().citation(fact.citation as usize)
    }

    /// The place in the source that a fact cites.
    pub fn locator_of(self, fact: CitedFact) -> Option<&'a str> {
        self.snapshot().locator(&fact)
    }

    /// The entity that a fact which cites a source is about.
    pub fn cited_entity(self, fact: CitedFact) -> EntityNo {
        fact.entity
    }
}

/// The order of two places in a source whose sections have known places.
fn compare_places(sections: Option<&Sections>, a: Option<&str>, b: Option<&str>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else {
        return a.is_some().cmp(&b.is_some());
    };
    if let Some(sections) = sections {
        let place = |it: &str| {
            let name = it.split('/').next().unwrap_or_default();
            sections.get(name).copied().unwrap_or(usize::MAX)
        };
        let by_section = place(a).cmp(&place(b));
        if by_section.is_ne() {
            return by_section;
        }
    }
    compare_numbered(a, b).then_with(|| a.cmp(b))
}

/// The order of two texts whose numbers count by their value.
fn compare_numbered(mut a: &str, mut b: &str) -> Ordering {
    loop {
        let (a_text, a_rest) = split(a, |it| !it.is_ascii_digit());
        let (b_text, b_rest) = split(b, |it| !it.is_ascii_digit());
        let of_texts = a_text.cmp(b_text);
        if of_texts.is_ne() {
            return of_texts;
        }
        let (a_number, a_after) = split(a_rest, |it| it.is_ascii_digit());
        let (b_number, b_after) = split(b_rest, |it| it.is_ascii_digit());
        let presence = b_number.is_empty().cmp(&a_number.is_empty());
        let order = presence.then_with(|| value(a_number).cmp(&value(b_number)));
        if order.is_ne() || (a_after.is_empty() && b_after.is_empty()) {
            return order;
        }
        (a, b) = (a_after, b_after);
    }
}

/// The key to compare the digits of two numbers: without leading zeros, the longer number is greater.
fn value(digits: &str) -> (usize, &str) {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

/// A text before and after the first character that is not of a kind.
fn split(text: &str, is_of: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|it| !is_of(it)).unwrap_or(text.len()))
}

/// Whether a cited place is in another one: it is the same, a part of it, or shares a sentence with it.
pub fn lies_in(place: &str, within: &str) -> bool {
    let Some(rest) = place.strip_prefix(within) else {
        return shares_a_sentence(place, within);
    };
    rest.is_empty() || rest.starts_with('/') || shares_a_sentence(place, within)
}

/// Whether two places are sentences, or runs of sentences, of one paragraph that overlap.
fn shares_a_sentence(a: &str, b: &str) -> bool {
    let (Some((a, a_range)), Some((b, b_range))) = (a.rsplit_once('/'), b.rsplit_once('/')) else {
        return false;
    };
    // A sentence is the third part.
    if a != b || !a.contains('/') {
        return false;
    }
    let range = |it: &str| -> Option<(u32, u32)> {
        let (first, last) = it.split_once('-').unwrap_or((it, it));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    match (range(a_range), range(b_range)) {
        (Some(a), Some(b)) => a.0 <= b.1 && b.0 <= a.1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_are_in_the_order_of_a_reader() {
        let sections = Sections::from([("start".to_owned(), 0), ("end".to_owned(), 1)]);
        let ordered = [
            None,
            Some("start"),
            Some("start/2"),
            Some("start/2/1"),
            Some("start/2/1-3"),
            Some("start/10"),
            Some("end"),
            Some("end/1"),
            Some("appendix"),
        ];
        for (no, a) in ordered.iter().enumerate() {
            for (other, b) in ordered.iter().enumerate() {
                let found = compare_places(Some(&sections), *a, *b);
                assert_eq!(found, no.cmp(&other), "{a:?} {b:?}");
            }
        }
        assert_eq!(compare_places(None, Some("p. 9"), Some("p. 10")), Ordering::Less);
        assert_eq!(compare_places(None, Some("p. 007"), Some("p. 7")), Ordering::Less);
    }

    #[test]
    fn a_place_matches_places_that_contain_it_or_share_a_sentence() {
        for (place, within) in [
            ("a", "a"),
            ("a/1", "a"),
            ("a/1/2", "a/1"),
            ("a/1/2-4", "a/1/3"),
            ("a/1/2", "a/1/1-2"),
        ] {
            assert!(lies_in(place, within), "{place} {within}");
        }
        for (place, within) in [
            ("ab", "a"),
            ("a", "a/1"),
            ("a/10", "a/1"),
            ("a/1/10", "a/1/1"),
            ("a/1-2", "a/1"),
            ("b/1/2", "a/1/2"),
        ] {
            assert!(!lies_in(place, within), "{place} {within}");
        }
    }

    proptest! {
        #[test]
        fn numbered_texts_have_one_order(
            a in "[a/0-9é-]{0,8}",
            b in "[a/0-9é-]{0,8}",
            c in "[a/0-9é-]{0,8}",
        ) {
            let compare = |a: &str, b: &str| compare_places(None, Some(a), Some(b));
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &b).is_eq(), a == b);
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le());
            }
        }
    }
}
