//! Dependencies between files: there is no cycle, and no import that violates the table in `docs/architecture.md`.
//!
//! A `mod.rs` is the interface of its module: the files of the module may use its definitions, and it may use them. For
//! all other uses, a re-exported name counts as part of the file that defines it. Unit tests at the end of a file may
//! use anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Segments of a module's path below the crate; empty for the crate itself.
type Module = Vec<String>;

/// A `use`, or a path in an expression, as segments below the crate.
type Use = Vec<String>;

/// The source of a crate, by the path of each file below `src`.
struct Sources {
    /// The text of each module, without comments, literals and unit tests.
    modules: BTreeMap<Module, Source>,
}

struct Source {
    path: String,
    uses: BTreeSet<Use>,
    /// Names that the module imports or re-exports, with the paths that they mean.
    names: BTreeMap<String, Use>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Colons,
    Sign(char),
}

/// The tokens of a text, without comments and literals.
fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<char> = text.chars().collect();
    let starts = |at: usize, with: &str| {
        letters[at..]
            .iter()
            .zip(with.chars())
            .filter(|(a, b)| **a == *b)
            .count()
            == with.len()
    };
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let mut out = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        if starts(at, "//") {
            while at < letters.len() && letters[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            while at < letters.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if letter == 'r' && (starts(at, "r\"") || starts(at, "r#\"") || starts(at, "r##\"")) {
            let hashes = letters[at + 1..].iter().take_while(|it| **it == '#').count();
            let end = format!("\"{}", "#".repeat(hashes));
            at += 2 + hashes;
            while at < letters.len() && !starts(at, &end) {
                at += 1;
            }
            at += end.len();
        } else if letter == '"' {
            at += 1;
            while at < letters.len() && letters[at] != '"' {
                at += if letters[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if letter == '\'' && (letters.get(at + 1) == Some(&'\\') || letters.get(at + 2) == Some(&'\''))
        {
            // A character literal, not a lifetime.
            at += if letters[at + 1] == '\\' { 3 } else { 2 };
            while at < letters.len() && letters[at] != '\'' {
                at += 1;
            }
            at += 1;
        } else if is_word(letter) {
            let word: String = letters[at..].iter().take_while(|it| is_word(**it)).collect();
            at += word.chars().count();
            out.push(Token::Word(word));
        } else if starts(at, "::") {
            at += 2;
            out.push(Token::Colons);
        } else {
            at += 1;
            if !letter.is_whitespace() {
                out.push(Token::Sign(letter));
            }
        }
    }
    out
}

/// The tokens without items that are compiled only for tests.
fn without_tests(tokens: &[Token]) -> &[Token] {
    let mark = [
        Token::Sign('#'),
        Token::Sign('['),
        Token::Word("cfg".to_owned()),
        Token::Sign('('),
        Token::Word("test".to_owned()),
        Token::Sign(')'),
        Token::Sign(']'),
        Token::Word("mod".to_owned()),
    ];
    let end = tokens.windows(mark.len()).position(|it| it == mark);
    &tokens[..end.unwrap_or(tokens.len())]
}

/// Reads a path with the content of its braces, and adds each complete one. Returns the position after it.
fn read_tree(
    tokens: &[Token],
    mut at: usize,
    before: &[String],
    found: &mut Vec<(Use, Option<String>)>,
) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at) {
            Some(Token::Word(word)) => {
                path.push(word.clone());
                at += 1;
            }
            Some(Token::Sign('*')) => {
                found.push((path, None));
                return at + 1;
            }
            Some(Token::Sign('{')) => {
                at += 1;
                while at < tokens.len() && tokens[at] != Token::Sign('}') {
                    at = read_tree(tokens, at, &path, found);
                    if tokens.get(at) == Some(&Token::Sign(',')) {
                        at += 1;
                    } else if tokens.get(at) != Some(&Token::Sign('}')) {
                        return at;
                    }
                }
                return at + 1;
            }
            _ => break,
        }
        if tokens.get(at) != Some(&Token::Colons) {
            break;
        }
        at += 1;
    }
    let renamed = match (tokens.get(at), tokens.get(at + 1)) {
        (Some(Token::Word(word)), Some(Token::Word(name))) if word == "as" => {
            at += 2;
            Some(name.clone())
        }
        _ => path.last().cloned(),
    };
    found.push((path, renamed));
    at
}

/// The segments below the crate of a path in a module; `None` for a path into another crate. `inline` is the number of
/// enclosing blocks `mod name { }`, which `super` leaves first.
fn absolute(module: &Module, inline: usize, children: &BTreeSet<String>, path: &[String]) -> Option<Use> {
    let mut base = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "self" | "super" => [module.as_slice(), &vec![String::new(); inline]].concat(),
        first if children.contains(first) => return Some([module.as_slice(), path].concat()),
        _ => return None,
    };
    let mut rest = path;
    while let Some(first) = rest.first() {
        match first.as_str() {
            "crate" | "self" => {}
            "super" => {
                base.pop();
            }
            _ => break,
        }
        rest = &rest[1..];
    }
    // `self` at the end of braces means the module before them.
    base.extend(rest.iter().filter(|it| *it != "self").cloned());
    base.retain(|it| !it.is_empty());
    Some(base)
}

impl Sources {
    fn of(files: &BTreeMap<String, String>) -> Self {
        let module = |path: &str| -> Module {
            let path = path.trim_end_matches(".rs");
            let path = path.strip_suffix("/mod").unwrap_or(path);
            path.split('/')
                .filter(|it| *it != "lib")
                .map(str::to_owned)
                .collect()
        };
        let all: BTreeSet<Module> = files.keys().map(|it| module(it)).collect();
        let mut modules = BTreeMap::new();
        for (path, text) in files {
            let name = module(path);
            let below = all
                .iter()
                .filter(|it| it.len() == name.len() + 1 && it.starts_with(&name));
            let children: BTreeSet<String> = below.filter_map(|it| it.last().cloned()).collect();
            let tokens = tokens(text);
            let tokens = without_tests(&tokens);
            let (mut uses, mut names) = (BTreeSet::new(), BTreeMap::new());
            let mut at = 0;
            // The depth of braces, and the depth of each enclosing `mod name { }`.
            let (mut depth, mut inline) = (0, Vec::new());
            while at < tokens.len() {
                match &tokens[at] {
                    Token::Word(word) if word == "mod" && tokens.get(at + 2) == Some(&Token::Sign('{')) => {
                        inline.push(depth);
                    }
                    Token::Sign('{') => depth += 1,
                    Token::Sign('}') => {
                        depth -= 1;
                        if inline.last() == Some(&depth) {
                            inline.pop();
                        }
                    }
                    _ => {}
                }
                let is_import = matches!(&tokens[at], Token::Word(word) if word == "use");
                let is_path =
                    matches!(&tokens[at], Token::Word(_)) && tokens.get(at + 1) == Some(&Token::Colons);
                if !is_import && !is_path {
                    at += 1;
                    continue;
                }
                let mut found = Vec::new();
                let next = read_tree(tokens, at + usize::from(is_import), &[], &mut found);
                at = next.max(at + 1);
                for (path, renamed) in found {
                    let Some(path) = absolute(&name, inline.len(), &children, &path) else {
                        continue;
                    };
                    if let Some(renamed) = renamed.filter(|_| is_import && inline.is_empty()) {
                        names.insert(renamed, path.clone());
                    }
                    uses.insert(path);
                }
            }
            let path = path.clone();
            modules.insert(name, Source { path, uses, names });
        }
        Self { modules }
    }

    /// The module whose file defines the target of a path.
    fn definition(&self, path: &[String]) -> &Module {
        let mut path = path.to_vec();
        // A chain of re-exports is short; a cycle would be an error of the compiler.
        for _ in 0..16 {
            let length = (0..=path.len())
                .rev()
                .find(|it| self.modules.contains_key(&path[..*it]));
            let length = length.unwrap_or(0);
            let (module, source) = self
                .modules
                .get_key_value(&path[..length])
                .expect("the crate has a root");
            match path.get(length).and_then(|it| source.names.get(it)) {
                Some(target) => path = [target.as_slice(), &path[length + 1..]].concat(),
                None => return module,
            }
        }
        panic!("{path:?} is re-exported again and again")
    }

    /// Uses between files, except those between an interface and the files of its module.
    fn edges(&self) -> BTreeSet<(&Module, &Module)> {
        let mut edges = BTreeSet::new();
        for (from, source) in &self.modules {
            for path in &source.uses {
                let to = self.definition(path);
                if !from.starts_with(to) && !to.starts_with(from) {
                    edges.insert((self.modules.get_key_value(from).unwrap().0, to));
                }
            }
        }
        edges
    }

    fn path(&self, module: &Module) -> &str {
        &self.modules[module].path
    }

    /// The cycles at each level: between files, and between folders as a whole.
    fn cycles(&self) -> Vec<String> {
        let mut levels: BTreeMap<&[String], BTreeMap<&str, BTreeMap<&str, String>>> = BTreeMap::new();
        for (from, to) in self.edges() {
            let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
            let why = format!("{} → {}", self.path(from), self.path(to));
            let level = levels.entry(&from[..common]).or_default();
            level
                .entry(&from[common])
                .or_default()
                .entry(&to[common])
                .or_insert(why);
        }
        let mut cycles = Vec::new();
        for edges in levels.values() {
            // A file is on a cycle if it can be reached from itself.
            for start in edges.keys() {
                let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
                let mut left = vec![*start];
                while let Some(at) = left.pop() {
                    for to in edges.get(at).into_iter().flat_map(BTreeMap::keys) {
                        if !came_from.contains_key(to) {
                            came_from.insert(to, at);
                            left.push(to);
                        }
                    }
                }
                let Some(mut at) = came_from.get(start).copied() else {
                    continue;
                };
                let mut steps = vec![edges[at][start].clone()];
                let mut members = BTreeSet::from([*start, at]);
                while at != *start {
                    let before = came_from[at];
                    steps.push(edges[before][at].clone());
                    at = before;
                    members.insert(at);
                }
                // Each cycle is reported at its first member.
                if members.first() == Some(start) {
                    steps.reverse();
                    cycles.push(steps.join(", "));
                }
            }
        }
        cycles
    }

    /// Uses of a module that is not above the user in a table, and differences between the table and the modules.
    fn backward(&self, table: &[String]) -> Vec<String> {
        let mut problems = Vec::new();
        let top: BTreeSet<&String> = self.modules.keys().filter_map(|it| it.first()).collect();
        for name in &top {
            if !table.contains(name) {
                problems.push(format!("`{name}` is not in the table"));
            }
        }
        for name in table {
            if !top.contains(name) {
                problems.push(format!("`{name}` is in the table, and there is no such module"));
            }
        }
        let rank = |module: &Module| table.iter().position(|it| Some(it) == module.first());
        for (from, to) in self.edges() {
            if from.first() != to.first() && rank(from) <= rank(to) {
                problems.push(format!("{} → {}", self.path(from), self.path(to)));
            }
        }
        problems
    }
}

/// The modules of the table, from top to bottom.
fn table(text: &str) -> Vec<String> {
    let rows = text.lines().filter_map(|it| it.strip_prefix("| `"));
    rows.filter_map(|it| it.split_once("` |"))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn files() -> BTreeMap<String, String> {
    fn add(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(root, &path, files);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    add(&root, &root, &mut files);
    // The program uses the crate from outside.
    files.remove("main.rs");
    files
}

#[test]
fn no_file_is_on_a_cycle() {
    let cycles = Sources::of(&files()).cycles();
    assert!(cycles.is_empty(), "{cycles:#?}");
}

#[test]
fn no_module_uses_one_below_it_in_the_table() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let table = table(&std::fs::read_to_string(document).unwrap());
    let problems = Sources::of(&files()).backward(&table);
    assert!(problems.is_empty(), "{problems:#?}");
}

/// The modules that `lib.rs` declares without forbidding unsafe code in them.
fn without_forbidding(lib: &str) -> Vec<&str> {
    let mut forbids = false;
    let mut found = Vec::new();
    for line in lib.lines() {
        let declared = line.trim_start_matches("pub ").strip_prefix("mod ");
        match declared.and_then(|it| it.strip_suffix(';')) {
            Some(module) => {
                if !forbids {
                    found.push(module);
                }
                forbids = false;
            }
            None => forbids |= line == "#[forbid(unsafe_code)]",
        }
    }
    found
}

#[test]
fn only_the_graph_may_have_unsafe_code() {
    assert_eq!(without_forbidding(&files()["lib.rs"]), ["graph"]);
    let lib =
        "#[forbid(unsafe_code)]\npub mod a;\nmod b;\n#[cfg(c)]\n#[forbid(unsafe_code)]\nmod c;\npub mod d;";
    assert_eq!(without_forbidding(lib), ["b", "d"]);
}

fn sources(files: &[(&str, &str)]) -> Sources {
    let files = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    Sources::of(&files.collect())
}

#[test]
fn a_cycle_is_found_however_it_is_written() {
    let lib = ("lib.rs", "mod a; mod b;");
    let face = ("a/mod.rs", "mod x; mod y; pub use x::X; use y::Y; struct Face;");
    for (x, y, expected) in [
        ("use super::y::Y;", "use super::x::X;", 1),
        ("use super::y::Y;", "fn y() { crate::a::x::f(1) }", 1),
        ("use super::{Face, Y};", "use crate::a::{Face, X as Other};", 1),
        ("use super::y;", "use super::{x::{self, X}};", 1),
        ("use super::y::Y;", "use super::Face;", 0),
        (
            "use super::y::Y;",
            "// use super::x::X;\nconst IT: &str = \"super::x::X\";",
            0,
        ),
        (
            "use super::y::Y;",
            "#[cfg(test)]\nmod tests { use super::super::x::X; }",
            0,
        ),
        ("use super::y::Y;", "mod z { use super::super::x::X; }", 1),
        ("use super::y::Y;", "mod z { use super::Y; } struct Y;", 0),
        ("use super::Face;", "use super::Face;", 0),
    ] {
        let all = [lib, face, ("a/x.rs", x), ("a/y.rs", y), ("b.rs", "")];
        assert_eq!(sources(&all).cycles().len(), expected, "{x} {y}");
    }
}

#[test]
fn a_cycle_of_three_and_one_through_a_folder_are_found() {
    let three = [
        ("lib.rs", ""),
        ("a/mod.rs", ""),
        ("a/x.rs", "use super::y::Y;"),
        ("a/y.rs", "use super::z::Z;"),
        ("a/z.rs", "use super::x::X;"),
    ];
    assert_eq!(
        sources(&three).cycles(),
        ["a/x.rs → a/y.rs, a/y.rs → a/z.rs, a/z.rs → a/x.rs"]
    );
    let folder = [
        ("lib.rs", ""),
        ("a/mod.rs", ""),
        ("a/x.rs", "use super::y::Y;"),
        ("a/y/mod.rs", "struct Y;"),
        ("a/y/z.rs", "use crate::a::x::X;"),
    ];
    assert_eq!(
        sources(&folder).cycles(),
        ["a/x.rs → a/y/mod.rs, a/y/z.rs → a/x.rs"]
    );
}

#[test]
fn a_violation_of_the_table_and_a_missing_row_are_found() {
    let all = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "pub use x::X;"),
        ("a/x.rs", "fn f() -> crate::b::B {}"),
        ("b.rs", "struct B;"),
    ];
    let table = table("text\n| module | |\n| `a` | first |\n| `b` | second |\n");
    assert_eq!(table, ["a", "b"]);
    assert_eq!(sources(&all).backward(&table), ["a/x.rs → b.rs"]);
    let turned: Vec<String> = table.into_iter().rev().collect();
    assert!(sources(&all).backward(&turned).is_empty());
    assert_eq!(sources(&all).backward(&turned[..1]).len(), 2);
    let more = [turned.as_slice(), &["c".to_owned()]].concat();
    assert_eq!(
        sources(&all).backward(&more),
        ["`c` is in the table, and there is no such module"]
    );
}
