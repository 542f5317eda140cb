//! What a user types, as words and phrases: whatever it is, it is searched for.

use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, PhraseQuery, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

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

/// Reads what was typed. A quotation mark that is not closed is none.
pub(super) fn parse(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let is_quote = |it: char| matches!(it, '"' | '“' | '”' | '„' | '«' | '»');
    let quotes = text.matches(is_quote).count();
    for (no, run) in text.split(is_quote).enumerate() {
        if no % 2 == 1 && no < quotes {
            parts.push(Part::Phrase(run.to_owned()));
            continue;
        }
        for word in run.split_whitespace() {
            parts.push(match word.strip_suffix('*') {
                Some(prefix) => Part::Prefix(prefix.to_owned()),
                None => Part::Word(word.to_owned()),
            });
        }
    }
    parts.retain(|it| it.text().contains(char::is_alphanumeric));
    parts
}

/// So many letters of a word may be wrong.
pub(super) fn distance(word: &str) -> u8 {
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// What a part matches in one field, its words as the field's analyzer makes them.
pub(super) fn in_field(part: &Part, field: Field, words: &[String], fuzzy: bool) -> Option<Box<dyn Query>> {
    let (last, before) = words.split_last()?;
    let term = |word: &str| Term::from_field_text(field, word);
    let exact =
        |word: &str| -> Box<dyn Query> { Box::new(TermQuery::new(term(word), IndexRecordOption::WithFreqs)) };
    let one = |word: &str, is_prefix: bool| -> Box<dyn Query> {
        let wrong = if fuzzy { distance(word) } else { 0 };
        let near: Box<dyn Query> = match (is_prefix, wrong) {
            (true, wrong) => Box::new(FuzzyTermQuery::new_prefix(term(word), wrong, true)),
            (false, 0) => return exact(word),
            (false, wrong) => Box::new(FuzzyTermQuery::new(term(word), wrong, true)),
        };
        // The word as it was typed counts more than one that is near it.
        Box::new(DisjunctionMaxQuery::new(vec![
            exact(word),
            Box::new(BoostQuery::new(near, 0.1)),
        ]))
    };
    Some(match part {
        _ if before.is_empty() => one(last, matches!(part, Part::Prefix(_))),
        // A word that the analyzer takes apart, such as `anti-slavery`, is a phrase; with wrong letters its words
        // need not be neighbours, since a phrase knows no near words.
        Part::Word(_) | Part::Prefix(_) if fuzzy => {
            let all = words.iter().map(|it| (Occur::Must, one(it, false)));
            Box::new(BooleanQuery::new(all.collect()))
        }
        Part::Prefix(_) => {
            let whole = before.iter().map(|it| (Occur::Must, exact(it)));
            let all = whole.chain([(Occur::Must, one(last, true))]);
            Box::new(BooleanQuery::new(all.collect()))
        }
        Part::Word(_) | Part::Phrase(_) => {
            Box::new(PhraseQuery::new(words.iter().map(|it| term(it)).collect()))
        }
    })
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

    proptest! {
        #[test]
        fn whatever_is_typed_is_words(text in "\\PC*") {
            for part in parse(&text) {
                prop_assert!(part.text().contains(char::is_alphanumeric));
            }
        }
    }
}
