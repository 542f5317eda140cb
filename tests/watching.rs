//! `--watch` notices every way to replace files: the system calls of editors, shells and Kubernetes, one by one.
//!
//! Each test waits for the answer of the server after a step, and none waits for a fixed time.
#![cfg(unix)]

mod common;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use common::{Server, text};
use serde_json::Value;

const SCHEMA: &str = "type Place { name: String! }\n";

fn place(name: &str) -> String {
    format!("Place:\n  x: {{name: {name}}}\n")
}

/// A project folder, and a server that watches it.
struct Watched {
    folder: tempfile::TempDir,
    server: Server,
}

impl Watched {
    /// Serves `schema/s.graphql` and `data/a.yaml`.
    fn start() -> Self {
        Self::with(&["--watch"], |_| {})
    }

    /// The same after a preparation, which may replace the files.
    fn with(arguments: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let folder = common::graph(SCHEMA, "");
        fs::remove_file(folder.path().join("data/d.yaml")).unwrap();
        fs::write(folder.path().join("data/a.yaml"), place("first")).unwrap();
        prepare(folder.path());
        let server = Server::of(folder.path(), arguments);
        let watched = Self { folder, server };
        watched.serves("first");
        watched
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file in place: it is empty first.
    fn write(&self, file: &str, name: &str) {
        fs::write(self.path(file), place(name)).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn remove(&self, file: &str) {
        fs::remove_file(self.path(file)).unwrap();
    }

    fn link(&self, target: &str, link: &str) {
        symlink(target, self.path(link)).unwrap();
    }

    fn name(&self) -> Value {
        self.server.ask("{ place(id: \"x\") { name } }")["data"]["place"]["name"].clone()
    }

    /// Waits until the place has a name, and checks that no newer reload failed.
    fn serves(&self, name: &str) {
        self.server
            .until(|health| health["status"] == "ok" && self.name() == name);
    }

    fn is_stale(&self) {
        self.server.until(|health| health["status"] == "stale");
    }

    /// Checks that later changes of a file are noticed.
    fn goes_on_with(&self, file: &str) {
        self.write(file, "in place");
        self.serves("in place");
        fs::write(self.path(".new"), place("by rename")).unwrap();
        self.rename(".new", file);
        self.serves("by rename");
    }
}

#[test]
fn vim_renames_a_file_and_writes_another_one() {
    let watched = Watched::start();
    for (file, content) in [
        ("data/a.yaml", place("vim")),
        (
            "schema/s.graphql",
            format!("{SCHEMA}type City {{ name: String }}\n"),
        ),
    ] {
        let folder = file.split('/').next().unwrap();
        let swap = format!("{folder}/.edited.swp");
        fs::write(watched.path(&swap), "b0VIM").unwrap();
        // A test file, to find out whether files may be created in the folder.
        let probe = format!("{folder}/4913");
        File::create(watched.path(&probe)).unwrap();
        watched.remove(&probe);
        let backup = format!("{file}~");
        watched.rename(file, &backup);
        let mut new = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(watched.path(file))
            .unwrap();
        new.write_all(content.as_bytes()).unwrap();
        new.sync_all().unwrap();
        drop(new);
        let permissions = watched.path(&backup).metadata().unwrap().permissions();
        fs::set_permissions(watched.path(file), permissions).unwrap();
        watched.remove(&backup);
        watched.remove(&swap);
    }
    watched.serves("vim");
    watched
        .server
        .until(|_| watched.server.ask("{ cities { totalCount } }")["data"]["cities"]["totalCount"] == 0);
    watched.goes_on_with("data/a.yaml");
}

#[test]
fn vim_with_backupcopy_writes_in_place() {
    let watched = Watched::start();
    fs::copy(watched.path("data/a.yaml"), watched.path("data/a.yaml~")).unwrap();
    let mut file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(watched.path("data/a.yaml"))
        .unwrap();
    file.write_all(place("vim").as_bytes()).unwrap();
    file.sync_all().unwrap();
    drop(file);
    watched.remove("data/a.yaml~");
    watched.serves("vim");
    watched.goes_on_with("data/a.yaml");
}

#[test]
fn emacs_locks_a_file_by_a_dangling_link() {
    let watched = Watched::start();
    let lock = "data/.#a.yaml";
    watched.link("ben@host.1234:1700000000", lock);
    watched.link("ben@host.1234:1700000000", "schema/.#s.graphql");
    watched.write("data/#a.yaml#", "not saved yet");
    watched.rename("data/a.yaml", "data/a.yaml~");
    watched.write("data/a.yaml", "emacs");
    watched.remove("data/#a.yaml#");
    watched.serves("emacs");
    // The buffer was changed again: the lock exists, and the file is not saved.
    watched.remove(lock);
    watched.link("ben@host.1234:1700000000", lock);
    fs::write(watched.path("data/b.yaml"), "Place:\n  y: {name: another}\n").unwrap();
    watched
        .server
        .until(|health| health["status"] == "ok" && health["entities"] == 2);
    watched.goes_on_with("data/a.yaml");
}

#[test]
fn files_that_are_not_loaded_cause_no_reload() {
    let watched = Watched::start();
    // The first change is served before the others are made, so that the reloads cannot be merged.
    let reloads = |name: &str| {
        fs::write(watched.path(".new"), place(name)).unwrap();
        watched.rename(".new", "data/a.yaml");
        watched.serves(name);
        watched.server.health()["reloads"].as_u64().unwrap()
    };
    assert_eq!(reloads("second"), 1);
    for round in 0..20 {
        watched.link("ben@host.1234:1700000000", "data/.#a.yaml");
        for name in ["4913", "#a.yaml#", "a.yaml~", ".a.yaml.swp", ".hidden.yaml"] {
            let file = format!("data/{name}");
            fs::write(watched.path(&file), format!("{round}")).unwrap();
            watched.remove(&file);
        }
        watched.remove("data/.#a.yaml");
        fs::read(watched.path("data/a.yaml")).unwrap();
        watched.serves("second");
    }
    assert_eq!(reloads("third"), 2);
}

#[test]
fn sed_replaces_a_file_by_a_temporary_one() {
    let watched = Watched::start();
    watched.write("data/sedKuFg4A", "sed");
    watched.rename("data/sedKuFg4A", "data/a.yaml");
    watched.serves("sed");
    watched.goes_on_with("data/a.yaml");
}

#[test]
fn a_folder_is_moved_away_and_another_one_takes_its_place() {
    let watched = Watched::start();
    fs::create_dir(watched.path("new")).unwrap();
    watched.write("new/a.yaml", "moved");
    watched.rename("data", "old");
    watched.rename("new", "data");
    watched.serves("moved");
    watched.goes_on_with("data/a.yaml");
    // The old folder is no longer part of the graph.
    watched.write("old/a.yaml", "old");
    watched.rename("data", "new");
    watched.is_stale();
    assert_eq!(watched.name(), "by rename", "the graph from before is served");
    watched.rename("old", "data");
    watched.serves("old");
    watched.goes_on_with("data/a.yaml");
}

#[test]
fn the_folder_above_is_replaced() {
    let paths = ["--watch", "--schema", "app/v/schema", "--data", "app/v/data"];
    let watched = Watched::with(&paths, |folder| {
        for version in ["app/v", "next/v"] {
            let name = if version == "app/v" { "first" } else { "next" };
            common::write(folder, &format!("{version}/schema/s.graphql"), SCHEMA);
            common::write(folder, &format!("{version}/data/a.yaml"), &place(name));
        }
    });
    watched.rename("app", "old");
    watched.rename("next", "app");
    watched.serves("next");
    watched.goes_on_with("app/v/data/a.yaml");
}

#[test]
fn a_folder_is_removed_and_made_again() {
    let watched = Watched::start();
    for (round, name) in ["again", "and again"].into_iter().enumerate() {
        fs::remove_dir_all(watched.path("data")).unwrap();
        watched.is_stale();
        fs::create_dir(watched.path("data")).unwrap();
        fs::create_dir(watched.path("data/below")).unwrap();
        watched.write("data/below/a.yaml", name);
        watched.serves(name);
        watched.goes_on_with("data/below/a.yaml");
        assert!(watched.server.health()["reloads"].as_u64().unwrap() > round as u64);
    }
    // Immediately, as `git checkout` and `rsync --delete` do it.
    fs::remove_dir_all(watched.path("data")).unwrap();
    fs::create_dir(watched.path("data")).unwrap();
    watched.write("data/a.yaml", "at once");
    watched.serves("at once");
    watched.goes_on_with("data/a.yaml");
}

#[test]
fn a_link_is_turned_to_another_folder() {
    let watched = Watched::with(&["--watch"], |folder| {
        fs::rename(folder.join("data"), folder.join("v1")).unwrap();
        symlink("v1", folder.join("data")).unwrap();
        common::write(folder, "v2/a.yaml", &place("two"));
        common::write(folder, "v3/a.yaml", &place("three"));
    });
    // `ln -sfn` of older coreutils removes the link and creates it again; newer versions rename a temporary link.
    watched.remove("data");
    watched.link("v2", "data");
    watched.serves("two");
    watched.goes_on_with("v2/a.yaml");
    watched.link(watched.path("v3").to_str().unwrap(), "CuTx9sQa");
    watched.rename("CuTx9sQa", "data");
    watched.serves("three");
    watched.goes_on_with("v3/a.yaml");
    watched.goes_on_with("data/a.yaml");
}

#[test]
fn kubernetes_swaps_the_folder_that_a_link_leads_to() {
    let watched = Watched::with(&["--watch"], |folder| {
        fs::remove_file(folder.join("data/a.yaml")).unwrap();
        common::write(folder, "data/..2026_01_01/a.yaml", &place("first"));
        symlink("..2026_01_01", folder.join("data/..data")).unwrap();
        symlink("..data/a.yaml", folder.join("data/a.yaml")).unwrap();
    });
    let mut old = "data/..2026_01_01".to_owned();
    for day in 2..5 {
        let new = format!("..2026_01_0{day}");
        let name = format!("day {day}");
        common::write(
            watched.folder.path(),
            &format!("data/{new}/a.yaml"),
            &place(&name),
        );
        watched.link(&new, "data/..data_tmp");
        watched.rename("data/..data_tmp", "data/..data");
        fs::remove_dir_all(watched.path(&old)).unwrap();
        old = format!("data/{new}");
        watched.serves(&name);
    }
}

#[test]
fn a_linked_file_outside_is_followed() {
    let watched = Watched::with(&["--watch"], |folder| {
        fs::create_dir(folder.join("outside")).unwrap();
        fs::rename(folder.join("data/a.yaml"), folder.join("outside/facts")).unwrap();
        symlink("../outside/facts", folder.join("one")).unwrap();
        fs::rename(folder.join("one"), folder.join("outside/one")).unwrap();
        symlink("../outside/one", folder.join("data/a.yaml")).unwrap();
        fs::remove_file(folder.join("outside/one")).unwrap();
        symlink("facts", folder.join("outside/one")).unwrap();
    });
    watched.goes_on_with("outside/facts");
    // The link in the middle of the path is replaced.
    watched.write("outside/others", "others");
    watched.link("others", "outside/new");
    watched.rename("outside/new", "outside/one");
    watched.serves("others");
    watched.goes_on_with("outside/others");
}

#[test]
fn a_file_that_is_written_in_parts_is_served_when_complete() {
    let watched = Watched::start();
    let mut file = File::create(watched.path("data/a.yaml")).unwrap();
    for part in ["Place:\n", "  x: {na", "me: in pa", "rts", "}\n"] {
        file.write_all(part.as_bytes()).unwrap();
        file.sync_all().unwrap();
        watched.server.health();
    }
    drop(file);
    watched.serves("in parts");
    watched.goes_on_with("data/a.yaml");
}

#[test]
fn folders_and_files_come_and_are_renamed() {
    let watched = Watched::start();
    watched.remove("data/a.yaml");
    fs::create_dir_all(watched.path("data/a/b/c")).unwrap();
    watched.write("data/a/b/c/x.yaml", "deep");
    watched.serves("deep");
    watched.goes_on_with("data/a/b/c/x.yaml");
    watched.rename("data/a/b", "data/d");
    watched.write("data/d/c/x.yaml", "elsewhere");
    watched.serves("elsewhere");
    watched.goes_on_with("data/d/c/x.yaml");
    // A folder that was filled under another name.
    fs::create_dir_all(watched.path("filled/below")).unwrap();
    watched.write("filled/below/x.yaml", "filled");
    fs::remove_dir_all(watched.path("data/d")).unwrap();
    watched.rename("filled", "data/filled");
    watched.serves("filled");
    watched.goes_on_with("data/filled/below/x.yaml");
}

#[test]
fn a_compiled_graph_is_followed_through_its_link() {
    let compile = |folder: &Path, name: &str, to: &str| {
        fs::write(folder.join("data/a.yaml"), place(name)).unwrap();
        let compiled = common::run(folder, &["compile", "--out", to]);
        assert_eq!(compiled.status.code(), Some(0), "{}", text(&compiled.stderr));
    };
    let watched = Watched::with(&["--watch", "--graph", "current/graph.clew"], |folder| {
        for (name, version) in [("first", "v1"), ("two", "v2")] {
            fs::create_dir(folder.join(version)).unwrap();
            compile(folder, name, &format!("{version}/graph.clew"));
        }
        symlink("v1", folder.join("current")).unwrap();
    });
    watched.link("v2", "new");
    watched.rename("new", "current");
    watched.serves("two");
    compile(watched.folder.path(), "three", "current/graph.clew");
    watched.serves("three");
}

#[test]
fn a_change_with_errors_and_its_fix_are_noticed() {
    let watched = Watched::start();
    fs::write(watched.path("data/a.yaml"), "Place:\n  x: {nmae: y}\n").unwrap();
    watched.is_stale();
    assert_eq!(watched.name(), "first");
    watched.goes_on_with("data/a.yaml");
    fs::write(watched.path("schema/s.graphql"), "typ Place {}").unwrap();
    watched.is_stale();
    fs::write(watched.path("schema/s.graphql"), SCHEMA).unwrap();
    watched.serves("by rename");
}
