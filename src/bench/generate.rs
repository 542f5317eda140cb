//! Graphs of any size with the distributions of real ones: a few entities have most of the edges, and words are as
//! frequent as in texts.

use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::facts::Files;
use crate::report::SourceText;

/// The schema of every generated graph.
const SCHEMA: &str = r#"
type Person @entity(label: "name", plural: "people") {
  name: String! @search
  born: Date
  about: String @search
  knows: [Person!]! @relation(name: "KNOWS", inverse: "knownBy")
  wrote: [Work!]! @relation(name: "WROTE", inverse: "authors")
  worksFor: [Organization!]! @relation(name: "WORKS_FOR", inverse: "staff")
  livesIn: Place @relation(name: "LIVES_IN", inverse: "residents")
}
type Work @entity(label: "title") {
  title: String! @search
  abstract: String @search
  year: Int
  cites: [Work!]! @relation(name: "CITES", inverse: "citedBy")
}
type Organization @entity(label: "name") { name: String! @search kind: OrganizationKind }
enum OrganizationKind { COMPANY SCHOOL ASSOCIATION }
type Place @entity(label: "name") { name: String! @search population: Int }
"#;

/// Entities and edges of a part, enough to be worth a task.
const ENTITIES_OF_A_PART: u64 = 20_000;
const EDGES_OF_A_PART: u64 = 50_000;

/// A type of entities: the letter of its ids, and its share in thousandths.
const KINDS: [(char, u64); 4] = [('p', 600), ('w', 300), ('o', 90), ('l', 10)];

/// A relation: from which type to which, and its share in thousandths.
const RELATIONS: [(&str, usize, usize, u64); 5] = [
    ("KNOWS", 0, 0, 500),
    ("CITES", 1, 1, 250),
    ("WROTE", 0, 1, 150),
    ("WORKS_FOR", 0, 2, 80),
    ("LIVES_IN", 0, 3, 20),
];

/// The size of a graph to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of entities.
    pub entities: u64,
    /// Number of edges.
    pub edges: u64,
    /// The same seed gives the same graph.
    pub seed: u64,
}

impl FromStr for Shape {
    type Err = String;

    /// Parses `entities=10M,edges=100M,seed=7`; the seed is optional.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut shape = Self {
            entities: 0,
            edges: 0,
            seed: 1,
        };
        for part in text.split(',') {
            let wrong = || format!("\"{part}\" is not one of entities=N, edges=N, seed=N");
            let (name, number) = part.split_once('=').ok_or_else(wrong)?;
            let unit = match number.chars().last() {
                Some('k') => 1_000,
                Some('M') => 1_000_000,
                Some('G') => 1_000_000_000,
                _ => 1,
            };
            let digits = number.trim_end_matches(['k', 'M', 'G']);
            let value: u64 = digits
                .parse()
                .map_err(|_| format!("\"{number}\" is no number such as 1000, 100k or 10M"))?;
            let value = value.checked_mul(unit).ok_or_else(wrong)?;
            match name {
                "entities" => shape.entities = value,
                "edges" => shape.edges = value,
                "seed" => shape.seed = value,
                _ => return Err(wrong()),
            }
        }
        if !(1000..=4_000_000_000).contains(&shape.entities) {
            return Err(format!(
                "a graph is made of 1000 to 4,000,000,000 entities, not {}",
                shape.entities
            ));
        }
        if shape.edges > 1 << 33 {
            return Err(format!(
                "a graph is made of at most {} edges, not {}",
                1_u64 << 33,
                shape.edges
            ));
        }
        Ok(shape)
    }
}

/// Pseudorandom numbers, the same for the same seed: splitmix64, whose state is a counter.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// At least 0 and less than 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number less than `below`; small numbers are more frequent, by a power law.
    fn skewed(&mut self, below: u64, power: f64) -> u64 {
        ((below as f64 * self.share().powf(power)) as u64).min(below - 1)
    }
}

/// A permutation of the numbers less than `below`, so that entities with many edges are not adjacent.
fn spread(number: u64, below: u64) -> u64 {
    // A prime larger than all counts, so it has no common divisor with them.
    ((u128::from(number) * 4_294_967_311) % u128::from(below)) as u64
}

/// Words of two to four syllables.
fn words() -> Vec<String> {
    let (starts, ends) = (
        ["b", "d", "k", "l", "m", "n", "r", "s", "t", "v"],
        ["a", "e", "i", "o", "u", "an", "el", "is"],
    );
    let mut random = Random(42);
    let syllable = |random: &mut Random| {
        let (start, end) = (
            random.next() as usize % starts.len(),
            random.next() as usize % ends.len(),
        );
        format!("{}{}", starts[start], ends[end])
    };
    let word = |random: &mut Random| {
        let syllables = 2 + random.next() % 3;
        (0..syllables).map(|_| syllable(random)).collect()
    };
    (0..4000).map(|_| word(&mut random)).collect()
}

impl Shape {
    /// The schema of the generated graph.
    pub fn schema() -> Arc<SourceText> {
        SourceText::whole("generated.graphql", SCHEMA)
    }

    /// Number of lines.
    pub fn lines(&self) -> u64 {
        let entities: u64 = (0..KINDS.len()).map(|it| self.count(it)).sum();
        let edges: u64 = (0..RELATIONS.len()).map(|it| self.edge_count(it)).sum();
        entities + edges
    }

    fn count(&self, kind: usize) -> u64 {
        (self.entities * KINDS[kind].1 / 1000).max(1)
    }

    /// The facts, generated while they are read, and the total time of all cores for this.
    pub fn files(self) -> (Files, Arc<AtomicU64>) {
        let words = words();
        let made = Arc::new(AtomicU64::new(0));
        let counted = made.clone();
        let (entities, edges) = (self.plan_of_entities(), self.plan_of_edges());
        let with_entities = entities.len();
        let parts = with_entities + edges.len();
        let write = move |part: usize| {
            let start = Instant::now();
            let text = match entities.get(part) {
                Some((kind, range)) => self.entities(&words, *kind, range.clone()),
                None => {
                    let (relation, range) = &edges[part - with_entities];
                    self.edges(*relation, range.clone())
                }
            };
            let taken = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            counted.fetch_add(taken, Ordering::Relaxed);
            text
        };
        (Files::made("generated.jsonl", parts, with_entities, write), made)
    }

    fn plan_of_entities(&self) -> Vec<(usize, std::ops::Range<u64>)> {
        let kinds = (0..KINDS.len()).map(|kind| (kind, self.count(kind)));
        kinds
            .flat_map(|(kind, count)| cut(count, ENTITIES_OF_A_PART).map(move |range| (kind, range)))
            .collect()
    }

    fn plan_of_edges(&self) -> Vec<(usize, std::ops::Range<u64>)> {
        let relations = (0..RELATIONS.len()).map(|at| (at, self.edge_count(at)));
        relations
            .flat_map(|(at, count)| cut(count, EDGES_OF_A_PART).map(move |range| (at, range)))
            .collect()
    }

    fn edge_count(&self, relation: usize) -> u64 {
        let (name, from, _, share) = RELATIONS[relation];
        let count = self.edges * share / 1000;
        // Each person lives in one place.
        if name == "LIVES_IN" {
            count.min(self.count(from))
        } else {
            count
        }
    }

    fn random(&self, stream: usize, at: u64) -> Random {
        let mut random = Random(self.seed ^ ((stream as u64) << 56) ^ (at << 8));
        random.next();
        random
    }

    fn entities(&self, words: &[String], kind: usize, range: std::ops::Range<u64>) -> String {
        let mut random = self.random(kind, range.start);
        let mut out = String::with_capacity((range.end - range.start) as usize * 256);
        let text = |out: &mut String, random: &mut Random, count: u64| {
            for no in 0..count {
                if no > 0 {
                    out.push(' ');
                }
                let word = random.skewed(words.len() as u64, 2.5);
                out.push_str(&words[word as usize]);
            }
        };
        let (letter, _) = KINDS[kind];
        let label = ["Person", "Work", "Organization", "Place"][kind];
        for no in range {
            let _ = write!(
                out,
                r#"{{"type":"node","id":"{letter}{no}","labels":["{label}"],"properties":{{"#
            );
            out.push_str(if kind == 1 {
                r#""title":[""#
            } else {
                r#""name":[""#
            });
            let length = if kind == 1 { 3 + random.next() % 8 } else { 2 };
            text(&mut out, &mut random, length);
            out.push_str("\"]");
            // Most entities have a text of about one sentence.
            if kind < 2 && random.next() % 10 < 8 {
                out.push_str(if kind == 1 {
                    r#","abstract":[""#
                } else {
                    r#","about":[""#
                });
                let length = 4 + random.skewed(30, 1.5);
                text(&mut out, &mut random, length);
                out.push_str("\"]");
            }
            let chosen = random.next();
            let _ = match kind {
                0 => write!(
                    out,
                    r#","born":["{}-{:02}-{:02}"]"#,
                    1900 + chosen % 110,
                    1 + (chosen >> 16) % 12,
                    1 + (chosen >> 32) % 28
                ),
                1 => write!(out, r#","year":[{}]"#, 1950 + chosen % 75),
                2 => write!(
                    out,
                    r#","kind":["{}"]"#,
                    ["COMPANY", "SCHOOL", "ASSOCIATION"][(chosen % 3) as usize]
                ),
                _ => write!(out, r#","population":[{}]"#, chosen % 10_000_000),
            };
            out.push_str("}}\n");
        }
        out
    }

    fn edges(&self, relation: usize, range: std::ops::Range<u64>) -> String {
        let (name, from, to, _) = RELATIONS[relation];
        let (all, sources, targets) = (self.edge_count(relation), self.count(from), self.count(to));
        let mut random = self.random(KINDS.len() + relation, range.start);
        let mut out = String::with_capacity((range.end - range.start) as usize * 72);
        for no in range {
            // Edges of the same source are adjacent, as in an exported file.
            let source = if name == "LIVES_IN" {
                no
            } else {
                (sources as f64 * (no as f64 / all as f64).powf(1.6)) as u64
            };
            let source = spread(source.min(sources - 1), sources);
            let target = spread(random.skewed(targets, 2.5), targets);
            let _ = writeln!(
                out,
                r#"{{"type":"edge","from":"{}{source}","to":"{}{target}","labels":["{name}"]}}"#,
                KINDS[from].0, KINDS[to].0
            );
        }
        out
    }
}

fn cut(count: u64, size: u64) -> impl Iterator<Item = std::ops::Range<u64>> {
    (0..count.div_ceil(size)).map(move |at| at * size..((at + 1) * size).min(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_read_or_said_to_be_wrong() {
        let shape: Shape = "entities=10M,edges=100M,seed=7".parse().unwrap();
        assert_eq!(
            (shape.entities, shape.edges, shape.seed),
            (10_000_000, 100_000_000, 7)
        );
        for (text, expected) in [
            ("entities=10X", "\"10X\" is no number"),
            ("nodes=5", "\"nodes=5\" is not one of"),
            ("entities=5", "not 5"),
            ("", "\"\" is not one of"),
        ] {
            let error = text.parse::<Shape>().unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn spreading_loses_no_number() {
        for below in [1, 7, 1000, 1024] {
            let mut all: Vec<u64> = (0..below).map(|it| spread(it, below)).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..below));
        }
    }
}
