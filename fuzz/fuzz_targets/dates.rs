//! Dates and points in time. A value that is read is written as text that is read as the same value.

#![no_main]

use clew::ontology::{Date, Instant};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(date) = Date::parse(text) {
        let written = date.to_string();
        assert_eq!(
            Date::parse(&written),
            Ok(date),
            "{text:?} is written as {written:?}"
        );
        let mut bytes = Vec::new();
        date.write(&mut bytes);
        assert_eq!(bytes, written.as_bytes());
        assert!(date.first_day() <= date.last_day(), "{text:?}");
        assert!(date.overlaps(date) && date.is_within(date), "{text:?}");
    }
    if let Ok(instant) = Instant::parse(text)
        && let Some(written) = instant.xml(text)
    {
        let again = Instant::parse(&written).map(Instant::microseconds);
        assert_eq!(
            again,
            Ok(instant.microseconds()),
            "{text:?} is written as {written:?}"
        );
    }
});
