//! Frees large values on a separate thread.
//!
//! Freeing a graph or a plan of many megabytes takes milliseconds, too long for a thread that serves many connections.
//! Such a thread would free the value if it dropped the last reference. So the owner of a value passes its reference to
//! [`later`] when it replaces or evicts the value, and that reference is dropped last.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quick_cache::Lifecycle;

/// Interval at which values that are still in use are checked again.
const AGAIN: Duration = Duration::from_millis(20);

/// Values from this size in bytes on are freed later.
const LARGE: usize = 64 << 10;

/// A reference that may be the last one.
trait Reference: Send {
    fn is_last(&self) -> bool;
}

impl<T: Send + Sync> Reference for Arc<T> {
    fn is_last(&self) -> bool {
        Arc::strong_count(self) == 1
    }
}

type References = Box<dyn Reference>;

/// Frees a value on the thread for it once nobody else uses it.
pub fn later<T: Send + Sync + 'static>(value: Arc<T>) {
    static THREAD: OnceLock<Option<Sender<References>>> = OnceLock::new();
    let thread = THREAD.get_or_init(|| {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new().name("free".to_owned());
        thread.spawn(move || free(&receiver)).ok().map(|_| sender)
    });
    // If the thread could not be started, the last user frees the value.
    if let Some(thread) = thread {
        _ = thread.send(Box::new(value));
    }
}

fn free(arriving: &Receiver<References>) {
    let mut in_use: Vec<References> = Vec::new();
    loop {
        let arrived = if in_use.is_empty() {
            arriving.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            arriving.recv_timeout(AGAIN)
        };
        match arrived {
            Ok(value) => in_use.push(value),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        in_use.retain(|it| !it.is_last());
    }
}

/// The size of a value that a cache shares.
pub trait MemorySize {
    /// About the bytes that are freed with it.
    fn bytes(&self) -> usize;
}

/// Lets a cache free its large values later.
#[derive(Debug, Clone, Copy, Default)]
pub struct DropInBackground;

impl<Key, Value: MemorySize + Send + Sync + 'static> Lifecycle<Key, Arc<Value>> for DropInBackground {
    type RequestState = Vec<(Key, Arc<Value>)>;

    /// The state is dropped when the cache is not locked any more.
    fn on_evict(&self, state: &mut Self::RequestState, key: Key, value: Arc<Value>) {
        if value.bytes() >= LARGE {
            later(value.clone());
        }
        state.push((key, value));
    }
}

#[cfg(test)]
mod tests {
    use std::thread::ThreadId;

    use quick_cache::sync::Cache;
    use quick_cache::{DefaultHashBuilder, UnitWeighter};

    use super::*;

    /// Reports the thread that frees it.
    struct Telling(usize, Sender<ThreadId>);

    impl Drop for Telling {
        fn drop(&mut self) {
            // Values that are freed after the end of the test have no receiver.
            _ = self.1.send(std::thread::current().id());
        }
    }

    impl MemorySize for Telling {
        fn bytes(&self) -> usize {
            self.0
        }
    }

    #[test]
    fn a_value_is_freed_by_another_thread_after_its_last_use() {
        let (sender, freed) = channel();
        let value = Arc::new(Telling(LARGE, sender));
        later(value.clone());
        assert!(freed.recv_timeout(3 * AGAIN).is_err(), "it is still in use");
        drop(value);
        assert_ne!(freed.recv().unwrap(), std::thread::current().id());
    }

    #[test]
    fn a_cache_frees_what_is_large_on_another_thread() {
        for (bytes, is_here) in [(LARGE - 1, true), (LARGE, false)] {
            let (sender, freed) = channel();
            let cache = Cache::with(
                1,
                1,
                UnitWeighter,
                DefaultHashBuilder::default(),
                DropInBackground,
            );
            for key in 0..3 {
                cache.insert(key, Arc::new(Telling(bytes, sender.clone())));
            }
            assert_eq!(freed.recv().unwrap() == std::thread::current().id(), is_here);
        }
    }
}
