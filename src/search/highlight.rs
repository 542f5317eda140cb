//! Where in an entity's texts something was found.

use tantivy::tokenizer::TextAnalyzer;

use super::query::{Part, distance, parse};
use super::{Index, text, words_of};
use crate::graph::{EntityNo, Snapshot};

/// Pieces of one field's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlight {
    /// The schema's field.
    pub field: String,
    /// Pieces of its text as HTML: what was found stands in `<mark>`.
    pub fragments: Vec<String>,
}

/// So many pieces are given of a field.
const MOST_FRAGMENTS: usize = 3;
/// So many bytes of text stand before and after what was found.
const AROUND: usize = 60;

impl Index {
    /// The pieces of an entity's texts in which a search finds something.
    pub fn highlights(
        &self,
        snapshot: &Snapshot,
        entity: EntityNo,
        typed: &str,
        fuzzy: bool,
    ) -> Vec<Highlight> {
        let parts = parse(typed);
        let row = snapshot.locate(entity);
        let members = &snapshot.ontology().entity_type(row.type_id).members;
        let mut highlights = Vec::new();
        for property in &self.properties[row.type_id.index()] {
            let column = snapshot.column(row.type_id, property.no);
            let mut fragments = Vec::new();
            for at in column.range(row.row) {
                for (language, value) in column.values().texts(at) {
                    let mut analyzer = text::analyzer(language);
                    let wanted = Wanted::of(&parts, &mut analyzer, fuzzy);
                    fragments.extend(wanted.fragments(value, &mut analyzer));
                }
            }
            if !fragments.is_empty() {
                fragments.truncate(MOST_FRAGMENTS);
                highlights.push(Highlight {
                    field: members.property(property.no).name.clone(),
                    fragments,
                });
            }
        }
        highlights
    }
}

/// The words that are marked.
struct Wanted {
    whole: Vec<String>,
    prefixes: Vec<String>,
    fuzzy: bool,
}

impl Wanted {
    fn of(parts: &[Part], analyzer: &mut TextAnalyzer, fuzzy: bool) -> Self {
        let mut wanted = Self {
            whole: Vec::new(),
            prefixes: Vec::new(),
            fuzzy,
        };
        for part in parts {
            let mut words = words_of(part, analyzer);
            if let (Part::Prefix(_), Some(last)) = (part, words.pop()) {
                wanted.prefixes.push(last);
            } else {
                words = words_of(part, analyzer);
            }
            wanted.whole.extend(words);
        }
        wanted
    }

    fn has(&self, word: &str) -> bool {
        let near = |it: &String| {
            let most = distance(it);
            self.fuzzy && most > 0 && strsim::osa_distance(it, word) <= usize::from(most)
        };
        self.whole.iter().any(|it| it == word || near(it))
            || self.prefixes.iter().any(|it| word.starts_with(it.as_str()))
    }

    fn fragments(&self, value: &str, analyzer: &mut TextAnalyzer) -> Vec<String> {
        let words = text::words(analyzer, value);
        let hits: Vec<_> = words
            .into_iter()
            .filter(|(word, _)| self.has(word))
            .map(|it| it.1)
            .collect();
        let mut fragments = Vec::new();
        let mut at = 0;
        while at < hits.len() && fragments.len() < MOST_FRAGMENTS {
            // A piece goes on as long as the next hit lies near.
            let mut last = at;
            while last + 1 < hits.len() && hits[last + 1].start < hits[last].end + AROUND {
                last += 1;
            }
            fragments.push(fragment(value, &hits[at..=last]));
            at = last + 1;
        }
        fragments
    }
}

/// A piece of a text around some hits, cut between words.
fn fragment(value: &str, hits: &[std::ops::Range<usize>]) -> String {
    let (Some(first), Some(last)) = (hits.first(), hits.last()) else {
        return String::new();
    };
    let mut begin = first.start.saturating_sub(AROUND);
    if begin > 0 {
        begin = value.ceil_char_boundary(begin);
        begin += value[begin..first.start]
            .find(char::is_whitespace)
            .map_or(0, |it| it + 1);
        begin = value.ceil_char_boundary(begin);
    }
    let mut end = value
        .floor_char_boundary((last.end + AROUND).min(value.len()))
        .max(last.end);
    if end < value.len() {
        end = value[last.end..end]
            .rfind(char::is_whitespace)
            .map_or(end, |it| last.end + it);
    }
    let mut html = String::new();
    if begin > 0 {
        html.push('…');
    }
    let mut at = begin;
    for hit in hits {
        escape(&value[at..hit.start], &mut html);
        html.push_str("<mark>");
        escape(&value[hit.clone()], &mut html);
        html.push_str("</mark>");
        at = hit.end;
    }
    escape(&value[at..end], &mut html);
    if end < value.len() {
        html.push('…');
    }
    html
}

fn escape(text: &str, html: &mut String) {
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            char => html.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(typed: &str, value: &str) -> Vec<String> {
        let mut analyzer = text::analyzer("");
        Wanted::of(&parse(typed), &mut analyzer, true).fragments(value, &mut analyzer)
    }

    #[test]
    fn what_was_found_is_marked_and_the_rest_escaped() {
        assert_eq!(marked("élan", "a <b> Elan"), ["a &lt;b&gt; <mark>Elan</mark>"]);
        assert_eq!(marked("trafick*", "Stop trafficking"), Vec::<String>::new());
        assert_eq!(
            marked("traffickin", "Stop trafficking"),
            ["Stop <mark>trafficking</mark>"]
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(typed in "\\PC{0,20}", value in "\\PC{0,400}") {
            for fragment in marked(&typed, &value) {
                prop_assert!(fragment.contains("<mark>"));
            }
        }
    }
}
