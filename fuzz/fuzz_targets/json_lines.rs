//! A JSON Lines file of data. Reports point into it; what is loaded is the same when it is loaded again, and can be asked.

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| clew_fuzz::scratch_file("d.jsonl"));

fuzz_target!(init: { LazyLock::force(&clew_fuzz::ENGINE); }, |bytes: &[u8]| {
    std::fs::write(&*FILE, bytes).expect("the file can be written");
    clew_fuzz::load(&FILE);
});
