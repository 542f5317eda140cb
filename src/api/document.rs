//! A document: parsed, validated, and with the plans that are compiled for it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use apollo_compiler::ast;
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::executable::{ExecutableDocument, Operation, OperationType, Selection};
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Node, Schema};

use super::answer::GraphqlError;
use super::limits::MOST_ERRORS;
use super::revision::PerRevision;
use super::{Api, Limits, duplicates, memory_size, suggestions};
use crate::budget::{Clock, Stop};
use crate::exec::Matchers;
use crate::ontology::Ontology;
use crate::plan::{self, CompileLimits, Lines, Names, Plan, Unbound, Variables};

/// Maximum nesting of selections, lists and input objects in a document. The results of parsing are traversed
/// recursively, for which the threads of the server have enough stack (`STACK` in `cli::serve`).
const DEEPEST: usize = 200;
/// Maximum number of plans to keep for a document, one for each combination of its `@skip` and `@include`.
const MOST_VARIANTS: usize = 16;

/// Bytes that a plan may take.
const PLAN_BYTES: usize = 16 << 20;

/// Bytes that the compiled filters of one request may take.
pub(super) const MATCHER_BYTES: usize = 8 << 20;
/// The same on a thread that serves others too: compiling it takes time.
pub(super) const SHORT_MATCHER_BYTES: usize = 64 << 10;

/// A plan that has not run yet.
const UNSEEN: u8 = u8::MAX;

/// After this number of long runs in a row, the plan is treated as a long one. A single long run may have been caused by
/// other work on the machine.
const LONG_RUNS: u8 = 3;

/// Operations of a document that a message lists.
const MOST_NAMES: usize = 10;

/// An operation of a document, ready to be planned and run.
#[derive(Debug)]
pub(super) struct Document {
    document: Valid<ExecutableDocument>,
    operation: Node<Operation>,
    /// The variables that decide `@skip` and `@include`.
    conditions: Vec<String>,
    /// Bytes that it takes, without its plans.
    bytes: usize,
    plans: Mutex<Vec<(Vec<bool>, Arc<Planned>)>>,
}

/// A plan and what is known of its runs.
#[derive(Debug)]
pub(super) struct Planned {
    pub plan: Plan,
    /// The compiled filters that use no variables.
    matchers: OnceLock<Matchers>,
    /// Bytes that it takes.
    pub bytes: usize,
    /// About the length of the last answers, to reserve so much at once.
    pub expected: AtomicUsize,
    long_runs: LongRuns,
    /// For which revision it is known to be within the limits whatever the variables are.
    pub within_limits: PerRevision,
}

/// How many of the last runs of a plan, one after the other, were long, as far as that matters.
#[derive(Debug)]
struct LongRuns(AtomicU8);

impl Document {
    /// The errors of a document, for any of its operations.
    pub fn errors(api: &Api, limits: &Limits, text: &str) -> Vec<GraphqlError> {
        let document = match Self::valid(api, limits, text) {
            Ok(document) => document,
            Err(errors) => return errors,
        };
        if document.operations.is_empty() {
            return vec![no_operation(&document, None)];
        }
        let operations = document.operations.iter();
        operations.flat_map(|it| limits.check(&document, it)).collect()
    }

    fn valid(api: &Api, limits: &Limits, text: &str) -> Result<Valid<ExecutableDocument>, Vec<GraphqlError>> {
        let mut parser = Parser::new().token_limit(limits.tokens).recursion_limit(DEEPEST);
        let parsed = parser.parse_ast(text, "operation.graphql");
        let is_too_long = parser.tokens_reached() > limits.tokens;
        let is_too_deep = parser.recursion_reached() > DEEPEST;
        let ast = parsed.map_err(|it| {
            if is_too_long {
                let message = format!(
                    "the document has more than {} tokens, which is the limit",
                    limits.tokens
                );
                return vec![GraphqlError::request("TOKEN_LIMIT", message)];
            }
            if is_too_deep {
                let message = format!(
                    "the document is nested more than {DEEPEST} levels deep: selections, lists and input objects count together"
                );
                return vec![GraphqlError::request("GRAPHQL_PARSE_FAILED", message)];
            }
            unparsed(text, &it.errors)
        })?;
        let twice = duplicates::errors(&ast, text);
        if !twice.is_empty() {
            return Err(twice);
        }
        let document = ast
            .to_executable_validate(&api.schema)
            .map_err(|it| invalid(text, &ast, (&api.schema, limits.introspection), &it.errors))?;
        Ok(document)
    }

    /// Parses and validates a document and finds the operation in it.
    pub fn new(
        api: &Api,
        limits: &Limits,
        text: &str,
        operation_name: Option<&str>,
    ) -> Result<Self, Vec<GraphqlError>> {
        let document = Self::valid(api, limits, text)?;
        let operation = match document.operations.get(operation_name) {
            Ok(operation) => operation.clone(),
            Err(_) => return Err(vec![no_operation(&document, operation_name)]),
        };
        let over = limits.check(&document, &operation);
        if !over.is_empty() {
            return Err(over);
        }
        let conditions = plan::condition_variables(&document);
        Ok(Self {
            bytes: memory_size::document(&document, text),
            document,
            operation,
            conditions,
            plans: Mutex::default(),
        })
    }

    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Refuses a null for `@skip` or `@include`. The type of a variable may allow null there if the variable has a default.
    pub fn check_conditions(&self, text: &str, variables: &Variables) -> Result<(), GraphqlError> {
        let is_null = |name: &&String| variables.get(*name).is_some_and(serde_json::Value::is_null);
        let Some(name) = self.conditions.iter().find(is_null) else {
            return Ok(());
        };
        let Some(offset) = condition_on(&self.document, &self.operation, name) else {
            return Ok(());
        };
        let message = format!(
            "`if` of `@skip` or `@include` is the variable `${name}`, which is null: give true or false"
        );
        let error = GraphqlError::request("BAD_USER_INPUT", message);
        Err(error.located(Lines::of(text).location(offset)))
    }

    pub fn document(&self) -> &Valid<ExecutableDocument> {
        &self.document
    }

    /// Bytes that it takes, with the plans that were made of it.
    pub fn weight(&self) -> usize {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        self.bytes + plans.iter().map(|(_, it)| it.bytes).sum::<usize>()
    }

    /// The plan for these values of the variables that decide what is included, and whether it was made now.
    pub fn plan(
        &self,
        api: &Api,
        ontology: &Ontology,
        variables: &Variables,
        names: Names,
        clock: Clock,
    ) -> Result<(Arc<Planned>, bool), Unbound> {
        let decided = self.conditions.iter().map(|it| {
            variables
                .get(it)
                .and_then(serde_json::Value::as_bool)
                .unwrap_or(false)
        });
        let decided: Vec<bool> = decided.collect();
        let find = |plans: &[(Vec<bool>, Arc<Planned>)]| {
            let found = plans.iter().find(|(key, _)| *key == decided);
            found.map(|(_, plan)| plan.clone())
        };
        if let Some(planned) = find(&self.plans.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok((planned, false));
        }
        let effort = CompileLimits {
            clock,
            bytes: PLAN_BYTES,
        };
        let (document, operation) = (&self.document, &self.operation);
        let plan = plan::compile(
            (ontology, names),
            &api.schema,
            document,
            operation,
            variables,
            effort,
        )?;
        let matchers = OnceLock::new();
        let made = Matchers::prepare(plan.patterns(), &Matchers::default(), &clock, SHORT_MATCHER_BYTES);
        let weight = match made {
            Ok(made) => matchers.get_or_init(|| made).bytes(),
            // The first run makes them, and they may take as much.
            Err(Stop::Bytes) => MATCHER_BYTES,
            Err(stop) => return Err(stop.into()),
        };
        let planned = Arc::new(Planned {
            bytes: plan.bytes() + weight,
            matchers,
            plan,
            expected: AtomicUsize::new(0),
            long_runs: LongRuns::default(),
            within_limits: PerRevision::default(),
        });
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= MOST_VARIANTS {
            plans.remove(0);
        }
        plans.push((decided, planned.clone()));
        Ok((planned, true))
    }
}

impl Planned {
    /// Returns the compiled filters that use no variables. Compiles them if they take at most `bytes` bytes.
    ///
    /// # Errors
    /// When they take more, or the deadline passes.
    pub fn matchers(&self, clock: &Clock, bytes: usize) -> Result<&Matchers, Stop> {
        if let Some(made) = self.matchers.get() {
            return Ok(made);
        }
        let made = Matchers::prepare(self.plan.patterns(), &Matchers::default(), clock, bytes)?;
        Ok(self.matchers.get_or_init(|| made))
    }

    /// The compiled forms of its constants, if they have been compiled.
    #[inline]
    pub fn made_matchers(&self) -> Option<&Matchers> {
        self.matchers.get()
    }

    /// Whether the last runs took so little that the next may take place on a thread that serves others too.
    pub fn is_short(&self) -> bool {
        self.long_runs.are_few()
    }

    /// Whether it has not run yet.
    pub fn is_unseen(&self) -> bool {
        self.long_runs.are_unseen()
    }

    /// Takes the plan for a long one.
    pub fn note_long(&self) {
        self.long_runs.note_many();
    }

    /// Notes what a run took.
    pub fn note(&self, length: usize, is_short: bool) {
        // Most runs do not change the value. Reading it is cheaper than writing it, since other threads read it too.
        let expected = self.expected.load(Ordering::Relaxed);
        if expected < length || length < expected / 2 {
            // A single long answer is forgotten after a few short ones.
            let next = length.max(expected / 2);
            self.expected.store(next, Ordering::Relaxed);
        }
        self.long_runs.note(is_short);
    }
}

impl Default for LongRuns {
    fn default() -> Self {
        Self(AtomicU8::new(UNSEEN))
    }
}

impl LongRuns {
    fn are_few(&self) -> bool {
        self.0.load(Ordering::Relaxed) < LONG_RUNS
    }

    fn are_unseen(&self) -> bool {
        self.0.load(Ordering::Relaxed) == UNSEEN
    }

    fn note_many(&self) {
        self.0.store(LONG_RUNS, Ordering::Relaxed);
    }

    fn note(&self, is_short: bool) {
        let before = self.0.load(Ordering::Relaxed);
        let now = if is_short {
            0
        } else {
            LONG_RUNS.min(before.saturating_add(1))
        };
        if before != now {
            self.0.store(now, Ordering::Relaxed);
        }
    }
}

/// Position at which an operation or a fragment in it skips or includes something by a variable.
fn condition_on(document: &ExecutableDocument, operation: &Operation, variable: &str) -> Option<usize> {
    let condition = |directives: &ast::DirectiveList| {
        let conditions = directives
            .iter()
            .filter(|it| matches!(it.name.as_str(), "skip" | "include"));
        let mut values = conditions.filter_map(|it| it.specified_argument_by_name("if"));
        let value = values.find(|it| it.as_variable().is_some_and(|it| it == variable))?;
        value.location().map(|it| it.offset())
    };
    let mut visited = HashSet::new();
    let mut left = vec![&operation.selection_set];
    while let Some(set) = left.pop() {
        for selection in &set.selections {
            if let Some(offset) = condition(selection.directives()) {
                return Some(offset);
            }
            match selection {
                Selection::Field(field) => left.extend(&field.selection_set),
                Selection::InlineFragment(fragment) => left.push(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    if visited.insert(&spread.fragment_name)
                        && let Some(fragment) = document.fragments.get(&spread.fragment_name)
                    {
                        left.push(&fragment.selection_set);
                    }
                }
            }
        }
    }
    None
}

type Diagnostic<'a> =
    apollo_compiler::diagnostic::Diagnostic<'a, apollo_compiler::validation::DiagnosticData>;

/// An error of a document, where it stands.
fn located(code: &'static str, lines: &Lines, diagnostic: &Diagnostic, message: String) -> GraphqlError {
    let location = diagnostic.error.location().map(|it| lines.location(it.offset()));
    GraphqlError::request(code, message).located(location.unwrap_or_default())
}

/// The error of a document that cannot be parsed: only the first, because the parser's later errors are consequences of
/// it.
fn unparsed(text: &str, errors: &DiagnosticList) -> Vec<GraphqlError> {
    let first = errors
        .iter()
        .min_by_key(|it| it.error.location().map_or(0, |it| it.offset()));
    let located = first.map(|it| {
        let message = it.error.to_string().replace('`', "\"");
        located("GRAPHQL_PARSE_FAILED", &Lines::of(text), &it, message)
    });
    located.into_iter().collect()
}

/// The errors of a document that can be parsed. With `suggests`, errors about names that the schema does not have
/// contain similar names.
fn invalid(
    text: &str,
    document: &ast::Document,
    (schema, suggests): (&Schema, bool),
    errors: &DiagnosticList,
) -> Vec<GraphqlError> {
    let lines = Lines::of(text);
    let fragments = document
        .definitions
        .iter()
        .filter_map(|it| it.as_fragment_definition());
    let fragments: HashSet<&str> = fragments.map(|it| it.name.as_str()).collect();
    let message = |diagnostic: &Diagnostic| {
        let message = diagnostic.error.to_string();
        // A type that there is not is reported. That a fragment on it counts as none, and that a variable of it goes nowhere,
        // follows.
        let follows = match message.split('`').collect::<Vec<_>>()[..] {
            ["cannot find fragment ", name, " in this document"] => fragments.contains(name),
            [
                "variable ",
                _,
                " of type ",
                ty,
                " cannot be used for argument ",
                ..,
            ] => {
                let name = ty.trim_matches(['[', ']', '!']);
                !schema.types.contains_key(name)
            }
            _ => false,
        };
        let hint = suggests.then(|| suggestions::hint(schema, &message)).flatten();
        let hint = hint.map_or_else(String::new, |it| format!(": {it}"));
        (!follows).then(|| format!("{}{hint}", message.replace('`', "\"")))
    };
    let messages = errors.iter().filter_map(|it| Some((message(&it)?, it)));
    messages
        .take(MOST_ERRORS)
        .map(|(message, it)| located("GRAPHQL_VALIDATION_FAILED", &lines, &it, message))
        .collect()
}

fn no_operation(document: &ExecutableDocument, name: Option<&str>) -> GraphqlError {
    let names: Vec<&str> = document
        .operations
        .named
        .keys()
        .map(apollo_compiler::Name::as_str)
        .collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    let shown = &names[..names.len() - more];
    let listed = if more > 0 {
        format!("\"{}\" and {more} more", shown.join("\", \""))
    } else {
        crate::report::quoted_list(shown, "and")
    };
    let message = match name {
        Some(name) if names.is_empty() => {
            format!("the document has no operation \"{name}\"; its only operation has no name")
        }
        Some(name) => format!("the document has no operation \"{name}\"; it has {listed}"),
        None if names.is_empty() => "the document has no operation".to_owned(),
        None => format!("the document has several operations, {listed}; say which with `operationName`"),
    };
    GraphqlError::request("BAD_USER_INPUT", message)
}

/// Whether an operation of a document is a mutation, which a schema without mutations does not let through validation.
pub(super) fn is_mutation(text: &str, operation_name: Option<&str>, tokens: usize) -> bool {
    if !text.contains("mutation") {
        return false;
    }
    let Ok(ast) = Parser::new()
        .token_limit(tokens)
        .parse_ast(text, "operation.graphql")
    else {
        return false;
    };
    let named = |name: Option<&str>| operation_name.is_none() || operation_name == name;
    ast.definitions.iter().any(|it| {
        it.as_operation_definition().is_some_and(|it| {
            it.operation_type == OperationType::Mutation
                && named(it.name.as_ref().map(apollo_compiler::Name::as_str))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_long_until_a_run_is_short_and_again_after_several_long_ones() {
        let runs = LongRuns::default();
        assert!(!runs.are_few() && runs.are_unseen());
        runs.note(false);
        assert!(!runs.are_unseen());
        assert!(!runs.are_few());
        runs.note(true);
        assert!(runs.are_few());
        for _ in 1..LONG_RUNS {
            runs.note(false);
            assert!(runs.are_few(), "the machine may have stopped for something else");
        }
        runs.note(false);
        assert!(!runs.are_few());
        runs.note(true);
        assert!(runs.are_few());
        runs.note_many();
        assert!(!runs.are_few());
    }
}
