//! A document, and after a NUL its variables. The answer is JSON, and the same when it is asked again; the other forms are
//! written or refused.

#![no_main]

use std::sync::LazyLock;

use clew::api::Request;
use clew::forms::Form;
use clew_fuzz::ENGINE;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(init: { LazyLock::force(&ENGINE); }, |text: &str| {
    let (query, variables) = text.split_once('\0').unwrap_or((text, ""));
    let variables: Option<&RawValue> = serde_json::from_str(variables).ok();
    let request = Request {
        query,
        operation_name: None,
        variables,
    };
    let answer = ENGINE.execute(request);
    let read = clew_fuzz::check_answer(&answer);
    assert!(
        read.get("data").is_some() || read.get("errors").is_some(),
        "{read}"
    );
    for error in read["errors"].as_array().into_iter().flatten() {
        assert!(
            error["message"].as_str().is_some_and(|it| !it.is_empty()),
            "{read}"
        );
        assert_ne!(error["extensions"]["code"], "INTERNAL", "{read}");
    }
    // Times and the deadline come out differently.
    if !query.contains("explain") && answer.code != Some("TIMEOUT") {
        let again = ENGINE.execute(request);
        assert_eq!(read, clew_fuzz::check_answer(&again));
    }
    let _ = ENGINE.plan(request);
    for form in [
        "text/turtle",
        "text/csv",
        "application/graphml+xml",
        "image/svg+xml",
    ] {
        let form: Form = form.parse().expect("the form exists");
        let answer = ENGINE.execute_as(Some(form), request);
        assert!(std::str::from_utf8(&answer.body).is_ok());
    }
});
