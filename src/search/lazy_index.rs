//! A value that is made once, in the background or by the first caller that needs it.

use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Interval at which a waiting caller checks its deadline.
const NAP: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct LazyIndex<T> {
    made: OnceLock<T>,
    /// Whether a caller is making it.
    begun: Mutex<bool>,
    /// Notified when it is made.
    ready: Condvar,
}

impl<T> Default for LazyIndex<T> {
    fn default() -> Self {
        Self {
            made: OnceLock::new(),
            begun: Mutex::new(false),
            ready: Condvar::new(),
        }
    }
}

impl<T> LazyIndex<T> {
    /// The value. Waits until it is complete, or makes it if no caller has started to. `None` when the time is over.
    pub fn get(&self, over: &dyn Fn() -> bool, make: impl FnOnce() -> T) -> Option<&T> {
        if self.made.get().is_none() {
            let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
            if *begun {
                while self.made.get().is_none() {
                    if over() {
                        return None;
                    }
                    let waited = self.ready.wait_timeout(begun, NAP);
                    begun = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            } else {
                *begun = true;
                drop(begun);
                // Only one caller begins, so it was not set yet.
                let _ = self.made.set(make());
                self.ready.notify_all();
            }
        }
        self.made.get()
    }

    /// The value, if it is complete.
    pub fn ready(&self) -> Option<&T> {
        self.made.get()
    }
}
