//! The documentation: links have targets, flags exist, and the queries of the examples are valid.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::{root, run, text, write};

/// All pages, with their paths.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![root().join("README.md")];
    let folders = [
        "docs",
        "docs/decisions",
        "examples/wordnet",
        "examples/browser-compat",
    ];
    for folder in folders {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        let files = entries.map(|it| it.unwrap().path());
        paths.extend(files.filter(|it| it.extension().is_some_and(|it| it == "md")));
    }
    assert!(paths.len() > folders.len(), "{paths:?}");
    let read = |path: PathBuf| {
        let page = std::fs::read_to_string(&path).unwrap();
        (path, page)
    };
    paths.into_iter().map(read).collect()
}

/// The lines of a page outside code blocks.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The anchors of a page's headings, as GitHub generates them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page).filter_map(|line| {
        line.trim_start_matches('#')
            .strip_prefix(' ')
            .filter(|_| line.starts_with('#'))
    });
    let anchor = |heading: &str| {
        let kept = heading
            .chars()
            .filter(|it| it.is_alphanumeric() || " -_".contains(*it));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut count = 0;
    for (path, page) in pages() {
        let links = prose(&page).flat_map(|line| line.split("](").skip(1));
        for link in links.map(|it| it.split(')').next().unwrap()) {
            if link.starts_with("https://") || link.starts_with("http://") {
                continue;
            }
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                path.clone()
            } else {
                path.parent().unwrap().join(file)
            };
            let is_found = || std::fs::read_to_string(&target).is_ok_and(|it| anchors(&it).contains(anchor));
            if !target.exists() || !anchor.is_empty() && !is_found() {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(count > 40, "{count} links");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The flags of a text: `--` and letters with hyphens.
fn flags(text: &str) -> BTreeSet<String> {
    let is_part = |it: char| it.is_ascii_lowercase() || it == '-';
    let found = text.match_indices("--").filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|it| it.is_whitespace() || "`([|".contains(it))
    });
    let found = found.map(|(at, _)| text[at..].split(|it| !is_part(it)).next().unwrap().to_owned());
    found
        .filter(|it| it.len() > 2 && !it[2..].starts_with('-'))
        .collect()
}

#[test]
fn the_flags_of_the_server_are_those_of_the_documentation() {
    let help = |command: &str| {
        let said = run(&root(), &[command, "--help"]);
        assert!(said.status.success(), "{}", text(&said.stderr));
        flags(&text(&said.stdout))
    };
    let named: BTreeSet<String> = pages().iter().flat_map(|(_, page)| flags(page)).collect();
    let mut known = BTreeSet::new();
    for command in ["serve", "check", "compile", "schema", "bench", "query"] {
        known.append(&mut help(command));
    }
    for flag in help("serve").iter().filter(|it| *it != "--help") {
        assert!(named.contains(flag), "no page names {flag}");
    }
    let operations = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let of_others = ["--features", "--release"];
    for flag in prose(&operations).flat_map(flags) {
        let is_known = known.contains(&flag) || of_others.contains(&flag.as_str());
        assert!(is_known, "docs/operations.md names {flag}, which is no flag");
    }
}

#[test]
fn the_queries_of_the_examples_are_valid() {
    for example in ["wordnet", "browser-compat"] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "data/empty.yaml", "");
        let example = Path::new("examples").join(example);
        let schema = root().join(&example).join("schema");
        let page = std::fs::read_to_string(root().join(&example).join("README.md")).unwrap();
        let queries: Vec<&str> = page.split("```graphql\n").skip(1).collect();
        assert!(!queries.is_empty(), "{page}");
        for query in queries {
            let query = query.split("```").next().unwrap();
            let arguments = ["query", "--schema", schema.to_str().unwrap(), "-e", query];
            let answer = run(folder.path(), &arguments);
            assert_eq!(answer.status.code(), Some(0), "{query}{}", text(&answer.stdout));
        }
    }
}
