//! Parses a search text into words and phrases. Every text is a valid search.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use tantivy::query::{
    AutomatonWeight, BooleanQuery, BoostQuery, DfaWrapper, DisjunctionMaxQuery, EnableScoring, Explanation,
    FuzzyTermQuery, Occur, PhraseQuery, Query, Scorer, TermQuery, Weight,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, Score, SegmentReader, TantivyError, Term};

use super::expansions::Variants;
use super::tokens;

/// A word or a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// One word.
    Word(String),
    /// The beginning of a word: `net*`.
    Prefix(String),
    /// Words one after the other: `"stop sex trafficking"`.
    Phrase(String),
}

impl Part {
    fn text(&self) -> &str {
        match self {
            Part::Word(text) | Part::Prefix(text) | Part::Phrase(text) => text,
        }
    }
}

/// A search text, as far as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText {
    pub(super) parts: Vec<Part>,
    pub(super) fuzzy: bool,
    /// Whether words are expanded.
    pub(super) variants: bool,
    /// How many words are not searched for.
    pub ignored: usize,
}

/// The longest query text, in bytes. The rest is ignored.
const LONGEST: usize = tokens::MOST_BYTES;
/// Maximum number of words in a query.
const MOST_WORDS: usize = tokens::MOST_WORDS;
/// Maximum number of words in a fuzzy query: each is compared with all words of the index.
const MOST_FUZZY_WORDS: usize = 8;
/// Longer words are matched exactly: the automaton of a fuzzy word takes a kilobyte or more for each letter.
const LONGEST_FUZZY: usize = 32;

/// Describes the part of a search text that exceeds the limits, if any.
pub fn over_limits(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return Some(format!("{} bytes, and {LONGEST} are allowed", text.len()));
    }
    let words = tokens::count(text);
    (words > MOST_WORDS).then(|| format!("{words} words, and {MOST_WORDS} are allowed"))
}

/// The used part of the search text, in its syntax.
impl fmt::Display for SearchText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (no, part) in self.parts.iter().enumerate() {
            let space = if no > 0 { " " } else { "" };
            match part {
                Part::Word(text) => write!(f, "{space}{text}")?,
                Part::Prefix(text) => write!(f, "{space}{text}*")?,
                Part::Phrase(text) => write!(f, "{space}\"{text}\"")?,
            }
        }
        if self.fuzzy {
            f.write_str(" (fuzzy)")?;
        }
        Ok(())
    }
}

impl SearchText {
    /// Bytes that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        let each = |it: &Part| size_of::<Part>() + it.text().len();
        self.parts.iter().map(each).sum()
    }

    /// The word of the whole text, as the index has it of texts that equal it.
    pub(super) fn whole(&self, whole: &mut tokens::Whole) -> Option<String> {
        let parts = self.parts.iter().map(Part::text);
        (self.ignored == 0).then(|| whole.of_all(parts)).flatten()
    }

    /// Parses a query. An unclosed quotation mark is ignored. The words beyond the limits are counted but not searched
    /// for. Takes time linear in the text.
    pub fn read(typed: &str, fuzzy: bool) -> Self {
        let end = if typed.len() <= LONGEST {
            typed.len()
        } else {
            // A word that the limit cuts is not searched for.
            let end = typed.floor_char_boundary(LONGEST);
            typed[..end].rfind(char::is_whitespace).unwrap_or(0)
        };
        let (typed, rest) = typed.split_at(end);
        let mut left = if fuzzy { MOST_FUZZY_WORDS } else { MOST_WORDS };
        let mut ignored = tokens::count(rest);
        let mut parts = Vec::new();
        for mut part in parse(typed) {
            let (Part::Word(text) | Part::Prefix(text) | Part::Phrase(text)) = &mut part;
            let (searched, too_long) = tokens::count_searched(text);
            ignored += too_long;
            if searched > left {
                ignored += searched - left;
                text.truncate(tokens::end_of(text, left));
                // If only signs are left, and each of them is a word, these are whole words.
                if let Part::Prefix(text) = part {
                    part = Part::Word(text);
                }
            }
            if left > 0 && searched > 0 {
                parts.push(part);
            }
            left = left.saturating_sub(searched);
        }
        Self {
            parts,
            fuzzy,
            variants: false,
            ignored,
        }
    }

    /// The same search for variants of its words, where some may have any. Wrong letters are variants enough.
    pub(super) fn with_variants(&self) -> Option<Self> {
        let may_be = !self.fuzzy && self.parts.iter().any(|it| matches!(it, Part::Word(_)));
        may_be.then(|| Self {
            variants: true,
            ..self.clone()
        })
    }

    /// The expansions of a part in texts of a language. `words` are its words as produced by the language's analyzer.
    pub(super) fn variants_of(&self, no: usize, words: &[String], language: &str) -> Option<Variants> {
        let [word] = words else {
            return None;
        };
        let may_be = self.variants && matches!(self.parts[no], Part::Word(_));
        let is_begun = no + 1 == self.parts.len();
        may_be.then(|| Variants::of(word, language, is_begun)).flatten()
    }
}

/// Parses a query; any text is valid.
fn parse(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let is_quote = |it: char| matches!(it, '"' | '“' | '”' | '„' | '«' | '»');
    let quotes = text.matches(is_quote).count();
    for (no, run) in text.split(is_quote).enumerate() {
        if no % 2 == 1 && no < quotes {
            parts.push(Part::Phrase(run.to_owned()));
            continue;
        }
        for typed in run.split_whitespace() {
            // Hyphens, slashes, dots, apostrophes and all other signs separate words.
            let mut words = tokens::runs(typed).peekable();
            while let Some(word) = words.next() {
                let is_begun = words.peek().is_none() && typed.ends_with('*');
                let word = typed[word].to_owned();
                parts.push(if is_begun {
                    Part::Prefix(word)
                } else {
                    Part::Word(word)
                });
            }
        }
    }
    parts.retain(|it| it.text().contains(char::is_alphanumeric));
    parts
}

/// Maximum number of wrong letters in a word.
pub(super) fn distance(word: &str) -> u8 {
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        8..=LONGEST_FUZZY => 2,
        _ => 0,
    }
}

/// Finds words that are near others: each automaton is made once for all fields.
pub(super) struct Near {
    automata: HashMap<(String, u8, bool), Arc<DfaWrapper>>,
    /// Bytes that they may still take.
    room: usize,
    deadline: Deadline,
}

/// Maximum size of the automata of one search, in bytes.
const AUTOMATA_BYTES: usize = 16 << 20;

/// Bytes of an automaton for each character of its word, and distance: a row of 256 states for each of some 28 states.
const AUTOMATON_BYTES: usize = 14 << 10;

impl Near {
    pub fn new(deadline: Deadline) -> Self {
        Self {
            automata: HashMap::new(),
            room: AUTOMATA_BYTES,
            deadline,
        }
    }

    fn query(
        &mut self,
        term: Term,
        word: &str,
        wrong: u8,
        is_prefix: bool,
    ) -> Result<Box<dyn Query>, QueryError> {
        let field = term.field();
        let key = (word.to_owned(), wrong, is_prefix);
        let automaton = match self.automata.get(&key) {
            Some(known) => known.clone(),
            None => {
                if self.deadline.is_over() {
                    return Err(QueryError::Over);
                }
                let bytes = (word.chars().count() + 4) * (usize::from(wrong) * AUTOMATON_BYTES + 1024);
                self.room = self.room.checked_sub(bytes).ok_or(QueryError::TooLarge)?;
                let query = if is_prefix {
                    FuzzyTermQuery::new_prefix(term, wrong, true)
                } else {
                    FuzzyTermQuery::new(term, wrong, true)
                };
                let made = Arc::new(query.automaton().map_err(QueryError::Failed)?);
                self.automata.insert(key, made.clone());
                made
            }
        };
        Ok(Box::new(NearQuery {
            field,
            automaton,
            deadline: self.deadline,
        }))
    }
}

/// Why there is no query.
#[derive(Debug)]
pub(super) enum QueryError {
    /// The time is over.
    Over,
    /// The automata would take too much memory.
    TooLarge,
    /// tantivy failed.
    Failed(TantivyError),
}

/// When a search has to end.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Option<Instant>);

impl Deadline {
    fn is_over(self) -> bool {
        self.0.is_some_and(|it| Instant::now() > it)
    }
}

/// The words of a field that an automaton accepts. Looks at the clock before it goes through the words of a segment.
#[derive(Clone)]
struct NearQuery {
    field: Field,
    automaton: Arc<DfaWrapper>,
    deadline: Deadline,
}

impl std::fmt::Debug for NearQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NearQuery")
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

impl Query for NearQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(NearWeight {
            inner: AutomatonWeight::new(self.field, self.automaton.clone()),
            deadline: self.deadline,
        }))
    }
}

struct NearWeight {
    inner: AutomatonWeight<DfaWrapper>,
    deadline: Deadline,
}

impl Weight for NearWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        if self.deadline.is_over() {
            return Err(TantivyError::InternalError(super::OVER.to_owned()));
        }
        self.inner.scorer(reader, boost)
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        self.inner.explain(reader, document)
    }
}

/// A searched word, and the allowed distance of other words from it.
struct SearchedWord {
    word: String,
    wrong: u8,
    is_prefix: bool,
    variants: Option<Variants>,
}

impl SearchedWord {
    fn accepts(&self, word: &str) -> bool {
        if let Some(variants) = &self.variants {
            return variants.accepts(word);
        }
        let wrong = usize::from(self.wrong);
        if wrong == 0 {
            return if self.is_prefix {
                word.starts_with(&self.word)
            } else {
                self.word == word
            };
        }
        let is_near = |it: &str| strsim::osa_distance(&self.word, it) <= wrong;
        if !self.is_prefix {
            // Others are too short or too long to be near.
            return word.len().abs_diff(self.word.len()) <= 4 * wrong && is_near(word);
        }
        let length = self.word.chars().count();
        let ends = word.char_indices().map(|it| it.0).chain([word.len()]).enumerate();
        let near = ends.filter(|(count, _)| count.abs_diff(length) <= wrong);
        near.into_iter().any(|(_, end)| is_near(&word[..end]))
    }
}

/// Matches a part with the texts of one field, word by word. Accepts the texts that the query of [`in_field`] finds.
pub(super) struct Matching {
    words: Vec<SearchedWord>,
    /// Whether they have to stand one after the other.
    in_order: bool,
}

/// How far a [`Matching`] has come in a field.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// A bit for each word that was found.
    found: u64,
    /// Bit n: the words up to n stand just before here.
    reached: u64,
    position: usize,
}

impl Matching {
    /// The matcher of a part of a search. `words` are its words as produced by a field's analyzer; `None` if there are none.
    pub fn of(typed: &SearchText, no: usize, words: Vec<String>, language: &str) -> Option<Self> {
        let (part, fuzzy) = (&typed.parts[no], typed.fuzzy);
        let variants = typed.variants_of(no, &words, language);
        let last = words.len().checked_sub(1)?;
        let in_order = last > 0
            && match part {
                Part::Phrase(_) => true,
                Part::Word(_) => !fuzzy,
                Part::Prefix(_) => false,
            };
        let is_fuzzy = fuzzy && !in_order;
        let begins = |no: usize| no == last && matches!(part, Part::Prefix(_)) && (last == 0 || !fuzzy);
        let looked = words.into_iter().enumerate().map(|(no, word)| SearchedWord {
            wrong: if is_fuzzy { distance(&word) } else { 0 },
            is_prefix: begins(no),
            variants: variants.clone(),
            word,
        });
        Some(Self {
            words: looked.collect(),
            in_order,
        })
    }

    /// Takes the next word of a text, with its position in it.
    pub fn take(&self, word: &str, position: usize, progress: &mut Progress) {
        let mut accepted = 0;
        for (no, looked) in self.words.iter().enumerate().take(MOST_WORDS) {
            accepted |= u64::from(looked.accepts(word)) << no;
        }
        let before = if position == progress.position.wrapping_add(1) {
            progress.reached
        } else {
            0
        };
        progress.reached = (before << 1 | 1) & accepted;
        progress.position = position;
        progress.found |= if self.in_order { progress.reached } else { accepted };
    }

    /// Whether it was found.
    pub fn is_found(&self, progress: &Progress) -> bool {
        let count = self.words.len().min(MOST_WORDS);
        if self.in_order {
            return progress.found >> (count - 1) & 1 == 1;
        }
        progress.found.count_ones() as usize == count
    }
}

impl Progress {
    /// Begins another text.
    pub fn begin_text(&mut self) {
        self.reached = 0;
    }
}

/// A query for a word or its expansions, which have a lower weight.
pub(super) fn or_variants(query: Box<dyn Query>, field: Field, words: &[String]) -> Box<dyn Query> {
    let others = words.iter().map(|it| -> Box<dyn Query> {
        let term = Term::from_field_text(field, it);
        let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
        Box::new(BoostQuery::new(Box::new(query), 0.1))
    });
    let all: Vec<_> = std::iter::once(query).chain(others).collect();
    Box::new(DisjunctionMaxQuery::new(all))
}

/// The query for a part in one field. `words` are its words as produced by the field's analyzer.
pub(super) fn in_field(
    part: &Part,
    field: Field,
    words: &[String],
    fuzzy: bool,
    near: &mut Near,
) -> Result<Option<Box<dyn Query>>, QueryError> {
    let Some((last, before)) = words.split_last() else {
        return Ok(None);
    };
    let term = |word: &str| Term::from_field_text(field, word);
    let exact =
        |word: &str| -> Box<dyn Query> { Box::new(TermQuery::new(term(word), IndexRecordOption::WithFreqs)) };
    let mut one = |word: &str, is_prefix: bool| -> Result<Box<dyn Query>, QueryError> {
        let wrong = if fuzzy { distance(word) } else { 0 };
        if wrong == 0 && !is_prefix {
            return Ok(exact(word));
        }
        let near = near.query(term(word), word, wrong, is_prefix)?;
        // The word as it was typed counts more than one that is near it.
        Ok(Box::new(DisjunctionMaxQuery::new(vec![
            exact(word),
            Box::new(BoostQuery::new(near, 0.1)),
        ])))
    };
    Ok(Some(match part {
        _ if before.is_empty() => one(last, matches!(part, Part::Prefix(_)))?,
        // A run of signs that are words each, as Chinese writes them, is a phrase; with wrong letters its words need not
        // be neighbours, since a phrase knows no near words.
        Part::Word(_) | Part::Prefix(_) if fuzzy => {
            let all = words.iter().map(|it| Ok((Occur::Must, one(it, false)?)));
            Box::new(BooleanQuery::new(all.collect::<Result<_, QueryError>>()?))
        }
        Part::Prefix(_) => {
            let last = one(last, true)?;
            let whole = before.iter().map(|it| (Occur::Must, exact(it)));
            let all = whole.chain([(Occur::Must, last)]);
            Box::new(BooleanQuery::new(all.collect()))
        }
        Part::Word(_) | Part::Phrase(_) => {
            Box::new(PhraseQuery::new(words.iter().map(|it| term(it)).collect()))
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_phrases_and_prefixes() {
        assert_eq!(
            parse("child \"sex trafficking\" net* “the"),
            [
                Part::Word("child".into()),
                Part::Phrase("sex trafficking".into()),
                Part::Prefix("net".into()),
                Part::Word("the".into()),
            ]
        );
    }

    #[test]
    fn signs_separate_words_outside_of_phrases() {
        let words = |text: &str| parse(text);
        let word = |it: &str| Part::Word(it.to_owned());
        assert_eq!(words("Jean-Baptiste"), [word("Jean"), word("Baptiste")]);
        assert_eq!(
            words("griffey/xyzzy v1.2"),
            [word("griffey"), word("xyzzy"), word("v1"), word("2")]
        );
        assert_eq!(
            words("O'Neill l’eau"),
            [word("O"), word("Neill"), word("l"), word("eau")]
        );
        assert_eq!(words("anti-slav*"), [word("anti"), Part::Prefix("slav".into())]);
        assert_eq!(words("\"Jean-Baptiste\""), [Part::Phrase("Jean-Baptiste".into())]);
        assert_eq!(words("東京-e\u{301}lan"), [word("東京"), word("e\u{301}lan")]);
        assert_eq!(words("* -*"), []);
    }

    #[test]
    fn words_beyond_the_limits_are_counted_and_not_searched_for() {
        let words = |count: usize| vec!["word"; count].join(" ");
        let read = |text: &str, fuzzy| {
            let typed = SearchText::read(text, fuzzy);
            (typed.parts.len(), typed.ignored)
        };
        assert_eq!(read(&words(32), false), (32, 0));
        assert_eq!(read(&words(40), false), (32, 8));
        assert_eq!(read(&words(40), true), (8, 32));
        assert_eq!(read(&words(10_000), false), (32, 9_968));
        assert_eq!(read(&format!("{} second", "a".repeat(2000)), false), (0, 2));
        // Words that no index can have do not count among the searched ones.
        assert_eq!(read(&format!("{} second", "a".repeat(300)), false), (1, 1));
        let typed = SearchText::read(&format!("\"{}\" last", words(40)), false);
        assert_eq!((typed.parts.len(), typed.ignored), (1, 9));
        assert_eq!(typed.parts[0], Part::Phrase(words(32)));
        assert_eq!(SearchText::read(&"東".repeat(40), false).ignored, 8);
        assert_eq!(over_limits(&words(32)), None);
        assert!(over_limits(&words(33)).is_some());
        assert!(over_limits(&"a".repeat(2000)).is_some());
    }

    proptest! {
        #[test]
        fn every_word_is_searched_for_or_counted(text in "[a-c \"*-]{0,200}", fuzzy: bool) {
            let typed = SearchText::read(&text, fuzzy);
            let searched: usize = typed.parts.iter().map(|it| tokens::count(it.text())).sum();
            let whole: usize = parse(&text).iter().map(|it| tokens::count(it.text())).sum();
            prop_assert_eq!(searched + typed.ignored, whole);
            let most = if fuzzy { MOST_FUZZY_WORDS } else { MOST_WORDS };
            prop_assert!(searched <= most);
        }

        #[test]
        fn every_text_is_words(text in "\\PC*") {
            for part in parse(&text) {
                prop_assert!(part.text().contains(char::is_alphanumeric));
            }
        }
    }
}
