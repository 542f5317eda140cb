//! A schema. Reports point into it; a schema that compiles has an API and the same digest when it is compiled again.

#![no_main]

use clew::api::Api;
use clew::ontology;
use clew::report::SourceText;
use libfuzzer_sys::fuzz_target;
use xxhash_rust::xxh3::xxh3_64;

fuzz_target!(|text: &str| {
    let sources = [SourceText::whole("s.graphql", text)];
    match ontology::compile(&sources) {
        Err(reports) => {
            assert!(reports.has_errors());
            clew_fuzz::check_reports(&reports);
        }
        Ok(compiled) => {
            // Generating an API takes far longer than everything else.
            if xxh3_64(text.as_bytes()) % 64 == 0 {
                Api::new(&compiled).expect("a schema that compiles has an API");
            }
            let again = ontology::compile(&sources).expect("it compiles again");
            assert_eq!(compiled.digest(), again.digest());
        }
    }
});
