//! Path expressions: the operators and precedence of SPARQL 1.1 property paths over the fields of relations.
//!
//! ```text
//! choice   = sequence ("|" sequence)*
//! sequence = step ("/" step)*
//! step     = "^"? primary ("*" | "+" | "?" | "{m}" | "{m,}" | "{,n}" | "{m,n}")?
//! primary  = field | "(" choice ")"
//! ```
//!
//! An expression becomes a nondeterministic automaton (Thompson's construction), so that following it visits
//! each pair of a state and an entity at most once.
//!
//! ```text
//! starts        0    2  3  4      where the transitions of each state begin, and where the last ones end
//! transitions   →1 →2  a3  b3     without walking, or over a step
//! ends          –      –  –  3    the states in which the expression can end
//! steps         a  b              what a field stands for in each type, once for each name and direction
//! ```
//!
//! Transitions without a step are removed unless this makes the automaton larger, and states with the same transitions
//! become one: `a*` has a single state.
//!
//! A repetition repeats states, which take a few bytes each; the steps are shared by all expressions of an operation.

use std::collections::HashMap;
use std::sync::Arc;

use super::Side;
use super::input::{InputError, Names};
use crate::ontology::{Member, Ontology, TypeId};
use crate::report::{did_you_mean, quoted_list, shown};

/// Maximum number of states of an expression; `{m,n}` repeats its states.
const MOST_STATES: usize = 1000;

/// Maximum number of states of all expressions of an operation; equal expressions count once.
pub(super) const MOST_STATES_OF_ALL: usize = 10_000;

/// The longest expression, in bytes.
const LONGEST: usize = 1024;

/// Maximum depth of nested parentheses.
const MOST_NESTED: usize = 100;

/// One edge of a path expression: for each type of the entity that it is walked from, over which relations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// Along a field: for each type, what the field is there.
    Along(Box<[Option<Side>]>),
    /// Against a field.
    Against {
        /// Over which relations, from any type.
        sides: Box<[Side]>,
        /// For each type, what the field is there that the edge must belong to.
        ends: Box<[Option<Side>]>,
    },
}

impl PathStep {
    /// Over which relations an entity of a type is left.
    pub fn sides(&self, type_id: TypeId) -> &[Side] {
        match self {
            PathStep::Along(sides) => sides[type_id.index()].as_slice(),
            PathStep::Against { sides, .. } => sides,
        }
    }

    /// If the edge is traversed against a field: for each type, the field that the edge must belong to.
    pub fn ends(&self) -> Option<&[Option<Side>]> {
        match self {
            PathStep::Along(_) => None,
            PathStep::Against { ends, .. } => Some(ends),
        }
    }

    fn bytes(&self) -> usize {
        let (sides, ends) = match self {
            PathStep::Along(sides) => (0, sides.len()),
            PathStep::Against { sides, ends } => (sides.len(), ends.len()),
        };
        2 * size_of::<usize>()
            + size_of::<Self>()
            + sides * size_of::<Side>()
            + ends * size_of::<Option<Side>>()
    }
}

/// The types that edges of a relation can lead to from an entity of a type.
fn ends_of(ontology: &Ontology, side: Side, from: TypeId) -> Vec<TypeId> {
    let relation = ontology.relation(side.relation);
    match relation.field(from, side.direction) {
        Some(no) => {
            let field = ontology.entity_type(from).members.field(no);
            ontology.types_of(field.target).to_vec()
        }
        // The relation has a field only at its other ends.
        None => {
            let has_field = |it: &TypeId| relation.field(*it, side.direction.turned()).is_some();
            ontology.type_ids().filter(has_field).collect()
        }
    }
}

/// A transition of the automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// To a state, without walking.
    Free(u16),
    /// Over a step of the expression, to a state.
    Step(u16, u16),
}

/// A path expression, ready to be followed from state 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathExpression {
    /// Index of the first transition of each state, and the end of the last.
    starts: Box<[u32]>,
    transitions: Box<[Transition]>,
    /// The states in which it can end, in order.
    ends: Box<[u16]>,
    steps: Box<[Arc<PathStep>]>,
}

impl PathExpression {
    /// How many states it has.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether it has no state; it always has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The transitions of a state.
    pub fn transitions(&self, state: u16) -> &[Transition] {
        let state = usize::from(state);
        &self.transitions[self.starts[state] as usize..self.starts[state + 1] as usize]
    }

    /// The states in which it can end, in order.
    pub fn ends(&self) -> &[u16] {
        &self.ends
    }

    /// A step of the expression.
    pub fn step(&self, no: u16) -> &PathStep {
        &self.steps[usize::from(no)]
    }

    /// Whether it can lead from an entity of some types to one of a type, for each type. Takes time linear in states, types
    /// and relations.
    pub(super) fn reached(
        &self,
        ontology: &Ontology,
        from: &[TypeId],
        mut work: impl FnMut(usize) -> std::result::Result<(), super::Unbound>,
    ) -> std::result::Result<Vec<bool>, super::Unbound> {
        let types = ontology.types.len();
        let mut seen = vec![false; self.len() * types];
        let mut open: Vec<(u16, TypeId)> = from.iter().map(|it| (0, *it)).collect();
        while let Some((state, id)) = open.pop() {
            work(1)?;
            let known = &mut seen[usize::from(state) * types + id.index()];
            if std::mem::replace(known, true) {
                continue;
            }
            for transition in self.transitions(state) {
                match transition {
                    Transition::Free(to) => open.push((*to, id)),
                    Transition::Step(no, to) => {
                        let step = self.step(*no);
                        for side in step.sides(id) {
                            let ends = ends_of(ontology, *side, id);
                            work(1 + ends.len())?;
                            let fits = |it: &TypeId| {
                                let needed = step.ends();
                                let is_new = !seen[usize::from(*to) * types + it.index()];
                                is_new && needed.is_none_or(|all| all[it.index()].is_some())
                            };
                            open.extend(ends.into_iter().filter(fits).map(|it| (*to, it)));
                        }
                    }
                }
            }
        }
        let is_reached = |id: usize| {
            let mut ends = self.ends.iter();
            ends.any(|state| seen[usize::from(*state) * types + id])
        };
        Ok((0..types).map(is_reached).collect())
    }

    /// The memory that it takes, in bytes, without its steps.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(&*self.starts)
            + size_of_val(&*self.transitions)
            + size_of_val(&*self.ends)
            + size_of_val(&*self.steps)
    }
}

/// The expressions of an operation: equal ones are compiled once, equal steps are shared.
#[derive(Debug, Clone, Default)]
pub(super) struct Expressions {
    /// Those of the plan, beside which a request has its own.
    constant: Option<Arc<Expressions>>,
    known: HashMap<Box<str>, Arc<PathExpression>>,
    steps: HashMap<(Box<str>, bool), Arc<PathStep>>,
    states: usize,
    bytes: usize,
}

impl Expressions {
    /// Expressions beside others, whose states count too.
    pub fn beside(constant: &Arc<Self>) -> Self {
        Self {
            constant: Some(constant.clone()),
            states: constant.states,
            ..Self::default()
        }
    }

    /// The expression of a text, checked against the ontology.
    pub fn get(
        &mut self,
        ontology: &Ontology,
        names: Names,
        text: &str,
    ) -> Result<Arc<PathExpression>, InputError> {
        let constant = self.constant.as_ref().and_then(|it| it.known.get(text));
        if let Some(known) = constant.or_else(|| self.known.get(text)) {
            return Ok(known.clone());
        }
        let (expression, states) = self.compile(ontology, names, text)?;
        let expression = Arc::new(expression);
        self.states += states;
        if self.states > MOST_STATES_OF_ALL {
            return Err(InputError::request(format!(
                "the path expressions of this operation have more than {MOST_STATES_OF_ALL} steps together, with their repetitions, which is the limit: follow fewer or shorter paths at once"
            )));
        }
        self.bytes += expression.bytes() + text.len() + size_of::<(Box<str>, Arc<PathExpression>)>();
        self.known.insert(text.into(), expression.clone());
        Ok(expression)
    }

    /// The memory that they take, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Compiles an expression. Also returns how many states it took.
    fn compile(
        &mut self,
        ontology: &Ontology,
        names: Names,
        text: &str,
    ) -> Result<(PathExpression, usize), InputError> {
        if text.len() > LONGEST {
            return Err(InputError::request(format!(
                "the path \"{}\" has {} bytes, and {LONGEST} are allowed: write a shorter one",
                shown(text),
                text.len()
            )));
        }
        let node = Parser {
            text,
            at: 0,
            depth: 0,
        }
        .whole()?;
        let mut builder = Builder {
            ontology,
            names,
            text,
            all: self,
            states: vec![Vec::new()],
            steps: Vec::new(),
        };
        let end = builder.add(&node, 0, false)?;
        let Builder { states, steps, .. } = builder;
        let count = states.len();
        let Automaton { states, ends } = Automaton::without_free(&states, end).unwrap_or_else(|| Automaton {
            states,
            ends: vec![end],
        });
        let mut starts = Vec::with_capacity(states.len() + 1);
        let mut transitions = Vec::with_capacity(states.iter().map(Vec::len).sum());
        for state in states {
            starts.push(transitions.len() as u32);
            transitions.extend(state);
        }
        starts.push(transitions.len() as u32);
        let expression = PathExpression {
            starts: starts.into(),
            transitions: transitions.into(),
            ends: ends.into(),
            steps: steps.into(),
        };
        Ok((expression, count))
    }
}

/// The transitions of each state, and the states in which an expression can end.
struct Automaton {
    states: Vec<Vec<Transition>>,
    ends: Vec<u16>,
}

impl Automaton {
    /// An automaton without free transitions that accepts the same; `None` if it would have more transitions. Each of its
    /// states has the steps that can be taken from a state without a step before. Takes time linear in the number of
    /// transitions, since it gives up once there are more.
    fn without_free(states: &[Vec<Transition>], end: u16) -> Option<Self> {
        let most = states.iter().map(Vec::len).sum::<usize>() + 1;
        // The new state of each state that a step leads to, and the states to be made.
        let mut numbers: Vec<Option<u16>> = vec![None; states.len()];
        let mut known: HashMap<(Vec<(u16, u16)>, bool), u16> = HashMap::new();
        let mut made: Vec<Vec<(u16, u16)>> = Vec::new();
        let mut ends = Vec::new();
        let mut seen = vec![u16::MAX; states.len()];
        let mut work = 0;
        let mut wanted = vec![0_u16];
        while let Some(begin) = wanted.pop() {
            if numbers[usize::from(begin)].is_some() {
                continue;
            }
            let mut steps = Vec::new();
            let mut open = vec![begin];
            let mut can_end = false;
            seen[usize::from(begin)] = begin;
            while let Some(state) = open.pop() {
                can_end |= state == end;
                for transition in &states[usize::from(state)] {
                    work += 1;
                    match *transition {
                        Transition::Step(step, to) => steps.push((step, to)),
                        Transition::Free(to) if seen[usize::from(to)] != begin => {
                            seen[usize::from(to)] = begin;
                            open.push(to);
                        }
                        Transition::Free(_) => {}
                    }
                }
            }
            if work > 8 * most {
                return None;
            }
            steps.sort_unstable();
            steps.dedup();
            wanted.extend(steps.iter().map(|it| it.1));
            let next = made.len() as u16;
            let number = *known.entry((steps, can_end)).or_insert_with_key(|(steps, _)| {
                made.push(steps.clone());
                next
            });
            if number == next && can_end {
                ends.push(number);
            }
            numbers[usize::from(begin)] = Some(number);
        }
        if made.iter().map(Vec::len).sum::<usize>() > most {
            return None;
        }
        let mut states = Vec::with_capacity(made.len());
        for steps in made {
            let mut steps: Vec<_> = steps
                .into_iter()
                .filter_map(|(step, to)| Some((step, numbers[usize::from(to)]?)))
                .collect();
            steps.sort_unstable();
            steps.dedup();
            states.push(
                steps
                    .into_iter()
                    .map(|(step, to)| Transition::Step(step, to))
                    .collect(),
            );
        }
        Some(Self { states, ends })
    }
}

/// The syntax tree.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Field(String, usize),
    Inverse(Box<Node>),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat(Box<Node>, usize, Option<usize>),
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn whole(mut self) -> Result<Node, InputError> {
        let node = self.choice()?;
        match self.peek() {
            None => Ok(node),
            Some(char) => Err(self.wrong(&format!("`{char}` cannot stand here"))),
        }
    }

    fn wrong(&self, what: &str) -> InputError {
        let at = self.text[..self.at].chars().count() + 1;
        InputError::request(format!(
            "the path \"{}\" cannot be read at character {at}: {what}; write fields with / | ^ * + ? {{m,n}} and parentheses, such as \"partners|memberOf/partOf*\"",
            shown(self.text)
        ))
    }

    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn choice(&mut self) -> Result<Node, InputError> {
        let mut all = vec![self.sequence()?];
        while self.take('|') {
            all.push(self.sequence()?);
        }
        Ok(if all.len() == 1 {
            all.remove(0)
        } else {
            Node::Choice(all)
        })
    }

    fn sequence(&mut self) -> Result<Node, InputError> {
        let mut all = vec![self.step()?];
        while self.take('/') {
            all.push(self.step()?);
        }
        Ok(if all.len() == 1 {
            all.remove(0)
        } else {
            Node::Sequence(all)
        })
    }

    fn step(&mut self) -> Result<Node, InputError> {
        if self.take('^') {
            return Ok(Node::Inverse(Box::new(self.repeated()?)));
        }
        self.repeated()
    }

    fn repeated(&mut self) -> Result<Node, InputError> {
        let node = self.primary()?;
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let (least, most) = self.counts()?;
                return Ok(Node::Repeat(Box::new(node), least, most));
            }
            _ => return Ok(node),
        };
        self.at += 1;
        Ok(Node::Repeat(Box::new(node), least, most))
    }

    fn counts(&mut self) -> Result<(usize, Option<usize>), InputError> {
        self.take('{');
        let least = self.number()?;
        let counts = if self.take(',') {
            (least.unwrap_or(0), self.number()?)
        } else {
            match least {
                Some(exactly) => (exactly, Some(exactly)),
                None => return Err(self.wrong("a repetition is {m}, {m,}, {,n} or {m,n}")),
            }
        };
        if !self.take('}') {
            return Err(self.wrong("a repetition ends with }"));
        }
        match counts {
            (least, Some(most)) if most < least => {
                Err(self.wrong(&format!("{{{least},{most}}} ends before it begins")))
            }
            counts => Ok(counts),
        }
    }

    fn number(&mut self) -> Result<Option<usize>, InputError> {
        self.peek();
        let rest = &self.text[self.at..];
        let digits = rest.len() - rest.trim_start_matches(|it: char| it.is_ascii_digit()).len();
        if digits == 0 {
            return Ok(None);
        }
        let number = rest[..digits].parse().ok().filter(|it| *it <= MOST_STATES);
        let Some(number) = number else {
            return Err(self.wrong(&format!("a repetition is at most {MOST_STATES}")));
        };
        self.at += digits;
        Ok(Some(number))
    }

    fn primary(&mut self) -> Result<Node, InputError> {
        if self.take('(') {
            self.depth += 1;
            if self.depth > MOST_NESTED {
                return Err(self.wrong(&format!("parentheses may be nested at most {MOST_NESTED} deep")));
            }
            let node = self.choice()?;
            if !self.take(')') {
                return Err(self.wrong("a `)` is missing"));
            }
            self.depth -= 1;
            return Ok(node);
        }
        let found = self.peek();
        let rest = &self.text[self.at..];
        let is_name = |it: char| it.is_ascii_alphanumeric() || it == '_';
        let length = rest.len() - rest.trim_start_matches(is_name).len();
        if length == 0 || rest.starts_with(|it: char| it.is_ascii_digit()) {
            let found = found.map_or_else(|| "the end".to_owned(), |it| format!("`{it}`"));
            return Err(self.wrong(&format!(
                "the name of a relation's field is expected, not {found}"
            )));
        }
        let node = Node::Field(rest[..length].to_owned(), self.at);
        self.at += length;
        Ok(node)
    }
}

struct Builder<'a> {
    ontology: &'a Ontology,
    names: Names,
    text: &'a str,
    all: &'a mut Expressions,
    states: Vec<Vec<Transition>>,
    steps: Vec<Arc<PathStep>>,
}

impl Builder<'_> {
    fn state(&mut self) -> Result<u16, InputError> {
        if self.states.len() >= MOST_STATES {
            return Err(InputError::request(format!(
                "the path \"{}\" is too long: with its repetitions it has more than {MOST_STATES} steps",
                shown(self.text)
            )));
        }
        self.states.push(Vec::new());
        Ok((self.states.len() - 1) as u16)
    }

    fn free(&mut self, from: u16, to: u16) {
        self.states[usize::from(from)].push(Transition::Free(to));
    }

    /// Adds what a node matches, beginning at a state; gives the state that it ends in. A node that is walked
    /// backwards has its sequences turned round and its fields inverted.
    fn add(&mut self, node: &Node, from: u16, backwards: bool) -> Result<u16, InputError> {
        match node {
            Node::Field(name, at) => {
                let step = self.step(name, *at, backwards)?;
                let to = self.state()?;
                self.states[usize::from(from)].push(Transition::Step(step, to));
                Ok(to)
            }
            Node::Inverse(node) => self.add(node, from, !backwards),
            Node::Sequence(nodes) => {
                let mut at = from;
                for no in 0..nodes.len() {
                    let no = if backwards { nodes.len() - 1 - no } else { no };
                    at = self.add(&nodes[no], at, backwards)?;
                }
                Ok(at)
            }
            Node::Choice(nodes) => {
                let mut ends = Vec::with_capacity(nodes.len());
                for node in nodes {
                    // Each has a state of its own to begin at, so that a repetition in one leads into no other.
                    let begin = self.state()?;
                    self.free(from, begin);
                    ends.push(self.add(node, begin, backwards)?);
                }
                let to = self.state()?;
                for end in ends {
                    self.free(end, to);
                }
                Ok(to)
            }
            Node::Repeat(node, least, most) => {
                let mut at = from;
                for _ in 0..*least {
                    at = self.add(node, at, backwards)?;
                }
                match most {
                    None => {
                        let hub = self.state()?;
                        self.free(at, hub);
                        let end = self.add(node, hub, backwards)?;
                        self.free(end, hub);
                        let to = self.state()?;
                        self.free(hub, to);
                        Ok(to)
                    }
                    Some(most) => {
                        let mut exits = vec![at];
                        for _ in *least..*most {
                            at = self.add(node, at, backwards)?;
                            exits.push(at);
                        }
                        let to = self.state()?;
                        for exit in exits {
                            self.free(exit, to);
                        }
                        Ok(to)
                    }
                }
            }
        }
    }

    /// The number of a step among those of the expression.
    fn step(&mut self, name: &str, at: usize, backwards: bool) -> Result<u16, InputError> {
        let key = (Box::from(name), backwards);
        let constant = self.all.constant.as_ref().and_then(|it| it.steps.get(&key));
        let step = match constant.or_else(|| self.all.steps.get(&key)) {
            Some(step) => step.clone(),
            None => {
                let step = Arc::new(self.new_step(name, at, backwards)?);
                self.all.bytes += step.bytes() + name.len() + size_of::<(Box<str>, Arc<PathStep>)>();
                self.all.steps.insert(key, step.clone());
                step
            }
        };
        let known = self.steps.iter().position(|it| Arc::ptr_eq(it, &step));
        let no = known.unwrap_or_else(|| {
            self.steps.push(step);
            self.steps.len() - 1
        });
        Ok(no as u16)
    }

    fn new_step(&self, name: &str, at: usize, backwards: bool) -> Result<PathStep, InputError> {
        let types = &self.ontology.types;
        let fields: Box<[Option<Side>]> = types
            .iter()
            .map(|it| match it.members.get(name) {
                Some(Member::Relation(no)) => Some(Side::of(it.members.field(no))),
                _ => None,
            })
            .collect();
        if fields.iter().all(Option::is_none) {
            return Err(self.unknown(name, at));
        }
        if !backwards {
            return Ok(PathStep::Along(fields));
        }
        let mut turned: Vec<Side> = Vec::new();
        for side in fields.iter().flatten() {
            let side = side.turned();
            if !turned.contains(&side) {
                turned.push(side);
            }
        }
        Ok(PathStep::Against {
            sides: turned.into(),
            ends: fields,
        })
    }

    fn unknown(&self, name: &str, at: usize) -> InputError {
        let types = &self.ontology.types;
        let column = self.text[..at].chars().count() + 1;
        let is_property = types.iter().any(|it| it.members.get(name).is_some());
        let what = match (self.names, is_property) {
            (Names::Told, true) => format!("\"{name}\" holds values and leads to no entity"),
            _ => format!("no type has a relation \"{}\"", shown(name)),
        };
        let hint = match self.names {
            Names::Hidden => "write the fields of relations as the schema names them".to_owned(),
            Names::Told => {
                let names = types
                    .iter()
                    .flat_map(|it| it.members.fields.iter().map(|it| it.name.as_str()));
                let mut names: Vec<&str> = names.collect();
                names.sort_unstable();
                names.dedup();
                did_you_mean(name, names.iter().copied(), || match names.as_slice() {
                    [] => "the schema has no relation".to_owned(),
                    all if all.len() > 12 => {
                        "`graph { relations { field inverse } }` lists the relations' fields".to_owned()
                    }
                    all => format!("the relations' fields are {}", quoted_list(all, "and")),
                })
            }
        };
        InputError::request(format!(
            "the path \"{}\" is wrong at character {column}: {what}; {hint}",
            shown(self.text)
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Node, InputError> {
        Parser {
            text,
            at: 0,
            depth: 0,
        }
        .whole()
    }

    #[test]
    fn precedence_is_sparqls() {
        // ^ binds an element with its repetition, / binds tighter than |.
        let left = parse("a|b/^c*").unwrap();
        let right = parse(" a | ( b / ( ^ ( c* ) ) ) ").unwrap();
        let plain = |node: Node| format!("{node:?}").replace(|it: char| it.is_ascii_digit(), "");
        assert_eq!(plain(left), plain(right));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "", "/", "a/", "a||b", "(a", "a)", "a**", "a{}", "a{2,1}", "a{3", "a b", "1a", "^", "a{99999}",
            "ä",
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.message.contains("cannot be read at character"),
                "{text}: {error}"
            );
        }
        assert!(parse(&"(".repeat(200)).is_err());
    }

    const SCHEMA: &str = "
        type Thing { name: String! a: [Thing!]! @relation(name: \"A\") b: [Thing!]! @relation(name: \"B\") }
        type Other { name: String! a: [Thing!]! @relation(name: \"A\") }
    ";

    fn ontology() -> Ontology {
        crate::ontology::compile(&[crate::report::SourceText::whole("s.graphql", SCHEMA)]).unwrap()
    }

    /// A field and whether it is walked backwards.
    type Letter = (char, bool);

    /// An expression over `a` and `b`.
    fn expressions() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![Just("a".to_owned()), Just("b".to_owned())];
        leaf.prop_recursive(4, 12, 3, |inner| {
            let some = prop::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                some.clone().prop_map(|it| format!("({})", it.join("/"))),
                some.prop_map(|it| format!("({})", it.join("|"))),
                inner.clone().prop_map(|it| format!("(^{it})")),
                (inner.clone(), prop::sample::select(vec!["*", "+", "?"]))
                    .prop_map(|(it, sign)| format!("({it}{sign})")),
                (inner, 0..3_usize, 0..3_usize, any::<bool>()).prop_map(|(it, least, more, is_open)| {
                    if is_open {
                        format!("({it}{{{least},}})")
                    } else {
                        format!("({it}{{{least},{}}})", least + more)
                    }
                }),
            ]
        })
    }

    /// Positions in a word at which a node that begins at a position can end: by the meaning of the operators, without an automaton.
    fn ends(node: &Node, word: &[Letter], at: usize, backwards: bool) -> BTreeSet<usize> {
        let each = |nodes: &mut dyn Iterator<Item = &Node>, begin: BTreeSet<usize>| {
            nodes.fold(begin, |begin, node| {
                let next = begin.iter().flat_map(|at| ends(node, word, *at, backwards));
                next.collect()
            })
        };
        match node {
            Node::Field(name, _) => match word.get(at) {
                Some((letter, way)) if name.chars().eq([*letter]) && *way == backwards => [at + 1].into(),
                _ => BTreeSet::new(),
            },
            Node::Inverse(node) => ends(node, word, at, !backwards),
            Node::Sequence(nodes) if backwards => each(&mut nodes.iter().rev(), [at].into()),
            Node::Sequence(nodes) => each(&mut nodes.iter(), [at].into()),
            Node::Choice(nodes) => nodes
                .iter()
                .flat_map(|it| ends(it, word, at, backwards))
                .collect(),
            Node::Repeat(node, least, most) => {
                let mut reached = each(&mut std::iter::repeat_n(&**node, *least), [at].into());
                let mut all = reached.clone();
                // More rounds than the word has letters reach nothing new.
                for _ in 0..most.map_or(word.len() + 1, |most| most - least) {
                    reached = each(&mut std::iter::once(&**node), reached);
                    all.extend(&reached);
                }
                all
            }
        }
    }

    /// The same by the automaton; `letters` are its steps.
    fn accepts(expression: &PathExpression, letters: &[Letter], word: &[Letter]) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![(0_u16, 0_usize)];
        while let Some((state, at)) = open.pop() {
            if !seen.insert((state, at)) {
                continue;
            }
            for transition in expression.transitions(state) {
                match transition {
                    Transition::Free(to) => open.push((*to, at)),
                    Transition::Step(step, to) if word.get(at) == Some(&letters[usize::from(*step)]) => {
                        open.push((*to, at + 1));
                    }
                    Transition::Step(..) => {}
                }
            }
        }
        expression
            .ends()
            .iter()
            .any(|end| seen.contains(&(*end, word.len())))
    }

    proptest! {
        /// Other expressions of the operation change nothing, though they share steps.
        #[test]
        fn an_automaton_accepts_what_its_operators_mean(
            text in expressions(),
            others in prop::collection::vec(expressions(), 0..3),
            words in prop::collection::vec(prop::collection::vec((prop::sample::select(vec!['a', 'b']), any::<bool>()), 0..5), 1..8),
        ) {
            let ontology = ontology();
            let mut all = Expressions::default();
            for other in &others {
                all.get(&ontology, Names::Told, other).unwrap();
            }
            let expression = all.get(&ontology, Names::Told, &text).unwrap();
            let letters: Vec<Letter> = expression
                .steps
                .iter()
                .map(|step| {
                    let named = all.steps.iter().find(|(_, it)| Arc::ptr_eq(it, step)).unwrap();
                    (named.0.0.chars().next().unwrap(), named.0.1)
                })
                .collect();
            let node = parse(&text).unwrap();
            for word in words {
                let expected = ends(&node, &word, 0, false).contains(&word.len());
                prop_assert_eq!(accepts(&expression, &letters, &word), expected, "{} on {:?}", text, word);
            }
        }
    }

    #[test]
    fn equal_expressions_and_steps_are_shared_and_states_take_a_few_bytes() {
        let ontology = ontology();
        let mut constant = Expressions::default();
        let first = constant.get(&ontology, Names::Told, "a{900}").unwrap();
        assert_eq!(first.len(), 901);
        assert_eq!(first.steps.len(), 1);
        assert!(first.bytes() < 20 * first.len(), "{}", first.bytes());
        let constant = Arc::new(constant);
        let mut late = Expressions::beside(&constant);
        let again = late.get(&ontology, Names::Told, "a{900}").unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let other = late.get(&ontology, Names::Told, "a/b").unwrap();
        assert!(Arc::ptr_eq(&first.steps[0], &other.steps[0]));
        assert!(late.bytes() < 1000);
    }

    #[test]
    fn the_states_of_an_operation_are_limited_and_so_are_texts() {
        let ontology = ontology();
        let mut constant = Expressions::default();
        for no in 1..=6 {
            constant
                .get(&ontology, Names::Told, &format!("a{{{}}}", 900 + no))
                .unwrap();
        }
        let mut late = Expressions::beside(&Arc::new(constant));
        let mut refused = (1..=6).filter_map(|no| {
            late.get(&ontology, Names::Told, &format!("b{{{}}}", 900 + no))
                .err()
        });
        let error = refused.next().unwrap();
        assert!(
            error.request && error.message.contains("more than 10000 steps together"),
            "{error}"
        );
        let long = format!("a{}", "|a".repeat(600));
        let error = late.get(&ontology, Names::Told, &long).unwrap_err();
        assert!(
            error.message.contains("has 1201 bytes, and 1024 are allowed"),
            "{error}"
        );
        assert!(error.message.chars().count() < 250);
    }

    #[test]
    fn hidden_names_are_not_suggested() {
        let ontology = ontology();
        let unknown = |names| {
            Expressions::default()
                .get(&ontology, names, "name")
                .unwrap_err()
                .message
        };
        assert!(unknown(Names::Told).contains("\"a\" and \"b\""));
        assert!(unknown(Names::Hidden).contains("no type has a relation \"name\"; write"));
    }
}
