//! Patterns for texts: those of an operation, as data. `exec` compiles them.
//!
//! Equal patterns are kept once. A filter refers to its pattern by a number, so that testing a row costs no search.

use std::collections::HashMap;
use std::sync::Arc;

use regex_syntax::ast::{self, Ast, ClassPerlKind, ClassSetItem, Flag, FlagsItemKind, GroupKind, Visitor};

use super::input::InputError;
use crate::condition::MatcherNo;
use crate::report::shown;

/// The longest pattern, in bytes.
pub(super) const LONGEST: usize = 1024;

/// A regular expression is refused beyond this: see [`Pattern::Regex`].
const MOST_WORK: usize = 1_500_000;

/// Characters of a class that take as long to compile as finding one with a name does.
const NAMED_CLASS: usize = 2_000;
/// The same where its upper and lower case letters are added.
const NAMED_CLASS_FOLDED: usize = 32_000;

/// A pattern that a text must match.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// It contains another.
    Contains(Arc<str>),
    /// It matches a regular expression.
    Regex {
        /// The expression.
        source: Arc<str>,
        /// Whether case does not matter.
        fold: bool,
    },
    /// The words of a text are found in a property that is in the text index.
    Search {
        /// The property's name.
        property: Arc<str>,
        /// The text.
        text: Arc<str>,
    },
}

impl Pattern {
    fn heap_bytes(&self) -> usize {
        let text = |it: &Arc<str>| 2 * size_of::<usize>() + it.len();
        match self {
            Pattern::Contains(it) => text(it),
            Pattern::Regex { source, .. } => text(source),
            Pattern::Search {
                property,
                text: typed,
            } => text(property) + text(typed),
        }
    }
}

/// A pattern of an operation.
#[derive(Debug, Clone)]
pub struct PatternEntry {
    /// The pattern.
    pub pattern: Pattern,
    /// The property that it is first asked of.
    pub property: Box<str>,
    /// Approximate number of characters of classes to visit when compiling it.
    pub work: usize,
}

impl PatternEntry {
    /// The error for a regular expression that cannot be compiled.
    pub fn refused(&self, why: &str) -> InputError {
        let source = match &self.pattern {
            Pattern::Regex { source, .. } => source,
            Pattern::Contains(text) | Pattern::Search { text, .. } => text,
        };
        refused(&self.property, source, why)
    }
}

fn refused(property: &str, pattern: &str, why: &str) -> InputError {
    InputError::field(format!(
        "`matches` of \"{property}\" is not a regular expression: \"{}\": {why}",
        shown(pattern)
    ))
}

/// The patterns of a plan, or those that the variables of a request add to them.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    /// The number of the first one.
    first: u32,
    list: Vec<PatternEntry>,
    known: HashMap<Pattern, MatcherNo>,
}

impl Patterns {
    /// Patterns that come after others.
    pub(super) fn after(others: &Self) -> Self {
        Self {
            first: others.first + others.list.len() as u32,
            ..Self::default()
        }
    }

    /// Patterns of their own, for tests.
    #[cfg(test)]
    pub(crate) fn of(patterns: impl IntoIterator<Item = Pattern>) -> Self {
        let mut all = Self::default();
        for pattern in patterns {
            let _ = all.add(pattern, "name");
        }
        all
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The patterns in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (MatcherNo, &PatternEntry)> {
        let numbers = (self.first..).map(MatcherNo);
        numbers.zip(&self.list)
    }

    pub(super) fn find(&self, pattern: &Pattern) -> Option<MatcherNo> {
        self.known.get(pattern).copied()
    }

    /// Adds a pattern that is not there yet; gives its number and the bytes that it takes.
    pub(super) fn add(&mut self, pattern: Pattern, property: &str) -> Result<(MatcherNo, usize), InputError> {
        let work = match &pattern {
            Pattern::Regex { source, fold } => {
                work(source, *fold).map_err(|why| refused(property, source, &why))?
            }
            _ => 0,
        };
        let no = MatcherNo(self.first + self.list.len() as u32);
        let entries = size_of::<PatternEntry>() + 2 * size_of::<(Pattern, MatcherNo)>();
        let bytes = entries + property.len() + pattern.heap_bytes();
        self.known.insert(pattern.clone(), no);
        self.list.push(PatternEntry {
            pattern,
            property: property.into(),
            work,
        });
        Ok((no, bytes))
    }
}

/// Parses a regular expression. Returns about how many characters of classes its compilation examines, or why the
/// expression is invalid. Takes time linear in the text: case folding and Unicode tables are not examined.
fn work(source: &str, fold: bool) -> Result<usize, String> {
    let ast = ast::parse::Parser::new()
        .parse(source)
        .map_err(|error| last_line(&error.to_string()))?;
    let work = ast::visit(
        &ast,
        Work {
            fold,
            ..Work::default()
        },
    )
    .unwrap_or(usize::MAX);
    if work > MOST_WORK {
        return Err("its classes of characters are too many or too large".to_owned());
    }
    Ok(work)
}

/// The essential part of a regular expression's error message.
pub fn last_line(message: &str) -> String {
    let last = message.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

/// Sums up the classes of an expression. One that ignores case somewhere is taken to do so everywhere.
#[derive(Default)]
struct Work {
    fold: bool,
    spans: usize,
    named: usize,
}

impl Work {
    fn flags(&mut self, flags: &ast::Flags) {
        let folds = |it: &ast::FlagsItem| matches!(it.kind, FlagsItemKind::Flag(Flag::CaseInsensitive));
        self.fold |= flags.items.iter().any(folds);
    }
}

impl Visitor for Work {
    type Output = usize;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<usize, Self::Err> {
        let (spans, each) = if self.fold {
            (self.spans, NAMED_CLASS_FOLDED)
        } else {
            (0, NAMED_CLASS)
        };
        Ok(spans.saturating_add(self.named.saturating_mul(each)))
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::Flags(it) => self.flags(&it.flags),
            Ast::Group(it) => {
                if let GroupKind::NonCapturing(flags) = &it.kind {
                    self.flags(flags);
                }
            }
            Ast::ClassUnicode(_) => self.named += 1,
            Ast::ClassPerl(it) => self.named += usize::from(it.kind == ClassPerlKind::Word),
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        match item {
            ClassSetItem::Range(it) => self.spans += (it.end.c as usize).saturating_sub(it.start.c as usize),
            ClassSetItem::Unicode(_) => self.named += 1,
            ClassSetItem::Perl(it) => self.named += usize::from(it.kind == ClassPerlKind::Word),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_take_long_to_compile_are_found_without_compiling_them() {
        assert_eq!(work("violin|viola", true), Ok(0));
        assert!(work("[a-z]+", false).unwrap() < 100);
        assert!(work(r"(?i)\w+ \pL", false).unwrap() <= 2 * NAMED_CLASS_FOLDED);
        assert!(work(&r"\pL".repeat(300), false).is_ok());
        assert!(work(&r"\pL".repeat(300), true).is_err());
        assert!(work(&"(?i)[a-\u{10ffff}]".repeat(60), false).is_err());
        assert_eq!(work("(", false), Err("unclosed group".to_owned()));
    }
}
