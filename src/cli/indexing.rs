//! Builds indexes on a thread of their own while the graph is already served.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::note;
use crate::api::Engine;

/// Builds the indexes of names and texts while an engine is already served, and reports what they use. Indexes are
/// built one after the other. An index that no engine needs any more when its turn comes is skipped.
pub(super) fn index_in_background(engine: &Engine) {
    static TURN: Mutex<()> = Mutex::new(());
    let index = Arc::downgrade(&engine.index());
    let thread = std::thread::Builder::new().spawn(move || {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(index) = index.upgrade() else { return };
        let start = Instant::now();
        let bytes = index.make_columns();
        note(format_args!(
            "column indexes: {:.2} s, {:.1} MB",
            start.elapsed().as_secs_f64(),
            bytes as f64 / 1e6
        ));
        if let Ok(names) = index.names(&|| false) {
            note(format_args!(
                "name index: {:.2} s, {:.1} MB",
                names.taken.as_secs_f64(),
                names.bytes() as f64 / 1e6
            ));
        }
        match index.make() {
            Ok(index) => note(format_args!(
                "text index: {:.2} s, {:.1} MB",
                index.taken.as_secs_f64(),
                index.bytes as f64 / 1e6
            )),
            Err(error) => note(format_args!("text index: {error}")),
        }
        let start = Instant::now();
        let bytes = index.make_grams();
        note(format_args!(
            "substring index: {:.2} s, {:.1} MB",
            start.elapsed().as_secs_f64(),
            bytes as f64 / 1e6
        ));
    });
    if let Err(error) = thread {
        note(format_args!(
            "text index: it is made when it is first used: {error}"
        ));
    }
}
