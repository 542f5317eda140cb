//! The texts about ECPAT are original: they contain no run of six words of the article.
//!
//! The repository does not contain the article, only hashes of its runs, which `tests/wording/hashes.mjs` makes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

const RUN: usize = 6;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join("tests/wording").join(name)).unwrap()
}

/// The runs of six words of a text. Each sign is replaced by `between`.
fn runs(text: &str, between: &str) -> Vec<String> {
    let mut plain = String::with_capacity(text.len());
    for letter in text.to_lowercase().chars() {
        if letter.is_alphanumeric() || letter.is_whitespace() {
            plain.push(letter);
        } else {
            plain.push_str(between);
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.windows(RUN).map(|words| words.join(" ")).collect()
}

fn hash(run: &str) -> String {
    let digest = Sha256::digest(run.as_bytes());
    let first: [u8; 8] = digest[..8].try_into().unwrap();
    format!("{:016x}", u64::from_be_bytes(first))
}

/// The texts of the repository about ECPAT: data, schema, documentation and tests.
fn texts() -> Vec<PathBuf> {
    fn add(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let ends = ["yaml", "graphql", "md", "rs", "snap", "tsv"];
            if path.is_dir() {
                add(&path, files);
            } else if path
                .extension()
                .is_some_and(|it| ends.iter().any(|end| it == *end))
            {
                files.push(path);
            }
        }
    }
    let mut files = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    for folder in ["data", "schema", "docs", "tests/ecpat", "tests/queries"] {
        add(&root().join(folder), &mut files);
    }
    for entry in std::fs::read_dir(root().join("tests")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn no_text_copies_six_words_of_the_article() {
    let hashes = read("hashes.txt");
    let article: HashSet<&str> = hashes.lines().collect();
    assert!(article.len() > 1000);
    let allowed = read("allowed.txt");
    let allowed: HashSet<String> = allowed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| {
            let (phrase, reason) = line.split_once('\t').expect("a phrase, a tab and a reason");
            assert!(!reason.trim().is_empty(), "{phrase} has no reason");
            [runs(phrase, " "), runs(phrase, "")].concat()
        })
        .collect();
    let mut copied = Vec::new();
    for file in texts() {
        let text = std::fs::read_to_string(&file).unwrap();
        for between in [" ", ""] {
            for run in runs(&text, between) {
                if article.contains(hash(&run).as_str()) && !allowed.contains(&run) {
                    copied.push(format!("{}: {run}", file.display()));
                }
            }
        }
    }
    assert!(copied.is_empty(), "copied from the article: {copied:#?}");
}

#[test]
fn every_phrase_that_is_allowed_is_of_the_article() {
    let hashes = read("hashes.txt");
    let article: HashSet<&str> = hashes.lines().collect();
    for line in read("allowed.txt").lines().filter(|it| !it.starts_with('#')) {
        let phrase = line.split('\t').next().unwrap();
        let found = |between| {
            let runs = runs(phrase, between);
            !runs.is_empty() && runs.iter().all(|run| article.contains(hash(run).as_str()))
        };
        assert!(found(" ") || found(""), "{phrase}");
    }
}
