//! One line for each request that was refused, that failed or that was slow, on standard error.
//!
//! A separate thread writes the lines, so that a log reader that stalls blocks no request. Lines that cannot be queued
//! are dropped. The number of lines per second is bounded, so that many refusals cannot fill a disk.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

use crate::api::{Persisted, RawRequest};

/// Maximum number of lines per second; further lines are only counted.
const LINES_A_SECOND: u64 = 50;
/// Maximum number of queued lines.
const WAITING: usize = 1_000;
/// The document of a longer request is looked up on a separate thread.
const LARGE: usize = 16 << 10;
/// How long the server waits at its end for queued lines.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A message to the writing thread.
enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// Ends the log: dropping it writes the queued lines.
pub struct Written(SyncSender<Message>);

impl Drop for Written {
    fn drop(&mut self) {
        let (done, wait) = sync_channel(1);
        if self.0.try_send(Message::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(LAST_WORDS);
        }
    }
}

/// Sends tracing events to standard error, in color on a terminal.
pub fn write_to_stderr() -> Written {
    let (sender, receiver) = sync_channel(WAITING);
    std::thread::spawn(move || write(&receiver));
    let color = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_target(false)
        .with_ansi(color)
        .with_writer(Lines(sender.clone()))
        .finish();
    // A program that embeds the server may have installed a subscriber already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Written(sender)
}

fn write(receiver: &Receiver<Message>) {
    while let Ok(message) = receiver.recv() {
        match message {
            // Errors are ignored: standard error may be closed.
            Message::Line(line) => {
                let _ = io::stderr().write_all(&line);
            }
            Message::Flush(done) => {
                let _ = done.try_send(());
            }
        }
    }
}

/// Creates a writer for each line.
struct Lines(SyncSender<Message>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

/// Queues a whole line.
struct Line<'a>(&'a SyncSender<Message>);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.try_send(Message::Line(bytes.to_vec()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The current time, with a resolution of a few milliseconds. Reading it costs less than reading the exact time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(Duration);

impl Moment {
    #[cfg(target_os = "linux")]
    pub fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
        Self(Duration::new(
            now.tv_sec.unsigned_abs(),
            u32::try_from(now.tv_nsec).unwrap_or_default(),
        ))
    }

    #[cfg(not(target_os = "linux"))]
    pub fn now() -> Self {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        Self(START.get_or_init(Instant::now).elapsed())
    }

    pub fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestOutcome {
    /// The HTTP status, if a response was sent.
    pub status: Option<u16>,
    /// The error code of a request that was refused or that failed.
    pub code: Option<&'static str>,
    pub taken: Duration,
    /// Length of the answer's body in bytes, if known.
    pub bytes: u64,
}

/// Extension of a response, with data that only the log needs.
#[derive(Debug, Clone)]
pub(super) struct LogData {
    /// The code of the first error.
    pub code: Option<&'static str>,
    pub document: Option<Document>,
}

/// The document of a request, which is looked up only if a line is written.
#[derive(Debug, Clone)]
pub(super) struct Document(Arc<(RawRequest, Arc<Persisted>)>);

impl Document {
    pub fn new(asked: RawRequest, persisted: Arc<Persisted>) -> Self {
        Self(Arc::new((asked, persisted)))
    }

    fn hash(&self) -> Option<u64> {
        let (asked, persisted) = &*self.0;
        asked.document_hash(persisted)
    }

    /// Whether looking it up takes so long that it would delay other requests.
    fn is_large(&self) -> bool {
        self.0.0.len() > LARGE
    }
}

/// The log of requests.
#[derive(Debug)]
pub(super) struct Log {
    start: Instant,
    /// Requests that take longer are slow.
    slow: Duration,
    /// The second of the last line in the upper bits, the number of lines in that second in the low 16 bits.
    second: AtomicU64,
    left_out: AtomicU64,
}

impl Log {
    pub fn new(slow: Duration) -> Self {
        Self {
            start: Instant::now(),
            slow,
            second: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
        }
    }

    /// Whether a request that took this long is logged as slow.
    pub fn is_slow(&self, taken: Duration) -> bool {
        taken >= self.slow
    }

    /// Logs a request, unless this second already has the maximum number of lines.
    pub fn note(&self, ended: RequestOutcome, document: Option<Document>) {
        if !self.has_room() {
            return;
        }
        match document {
            Some(document) if document.is_large() => {
                tokio::task::spawn_blocking(move || write_line(ended, document.hash()));
            }
            document => write_line(ended, document.and_then(|it| it.hash())),
        }
    }

    /// Whether another line may be written in this second.
    fn has_room(&self) -> bool {
        let second = self.start.elapsed().as_secs();
        let took = self
            .second
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |before| {
                let lines = if before >> 16 == second {
                    before & 0xffff
                } else {
                    0
                };
                (lines < LINES_A_SECOND).then_some(second << 16 | (lines + 1))
            });
        if took.is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        took.is_ok()
    }

    /// Logs how many lines were left out in the second of the last line, once that second is over.
    pub fn count_left_out(&self) {
        let is_over = self.second.load(Ordering::Relaxed) >> 16 != self.start.elapsed().as_secs();
        if is_over {
            self.finish();
        }
    }

    /// Logs how many lines were left out.
    pub fn finish(&self) {
        let count = self.left_out.swap(0, Ordering::Relaxed);
        if count > 0 {
            tracing::warn!(
                count,
                "more requests were refused, failed or were slow: their lines are left out"
            );
        }
    }
}

fn write_line(ended: RequestOutcome, document: Option<u64>) {
    let status = ended.status.unwrap_or_default();
    let code = ended.code.unwrap_or_default();
    let ms = ended.taken.as_millis() as u64;
    let bytes = ended.bytes;
    let document = document.map_or_else(String::new, |it| format!("{it:016x}"));
    if status >= 500 {
        tracing::error!(status, %code, ms, bytes, %document, "request failed");
    } else if status >= 400 || !code.is_empty() {
        tracing::warn!(status, %code, ms, bytes, %document, "request refused or failed");
    } else {
        tracing::warn!(status, %code, ms, bytes, %document, "request slow");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_not_written() {
        let log = Log::new(Duration::from_secs(1));
        // The lines may fall into two seconds, or into more on a busy machine.
        let written = (0..1_000).filter(|_| log.has_room()).count() as u64;
        let seconds = log.start.elapsed().as_secs() + 1;
        assert!(
            written >= LINES_A_SECOND && written <= LINES_A_SECOND * seconds,
            "{written}"
        );
        assert_eq!(written + log.left_out.load(Ordering::Relaxed), 1_000);
    }

    #[test]
    fn a_moment_passes() {
        let start = Moment::now();
        let precise = Instant::now();
        while start.elapsed() < Duration::from_millis(20) {
            std::thread::yield_now();
        }
        assert!(precise.elapsed() >= Duration::from_millis(10));
    }
}
