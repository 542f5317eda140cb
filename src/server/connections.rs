//! Connections: accepts and counts them, checks them against timeouts, and shuts them down gracefully.
//!
//! A single task, the sweeper, checks all connections several times within the shortest timeout and ends overdue ones,
//! so a request sets no timer. The current state of a connection is in its [`ConnectionState`].

use std::collections::hash_map::Entry as MapEntry;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use rustc_hash::FxHashMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

use super::connection_state::{CLASSES, ConnectionState, Order, Phase, Ticks};
use super::fast_path::{AddressServices, Peer};
use super::log::RequestOutcome;
use super::recorder::Record;
use super::stream::TrackedSocket;

/// Maximum size of a request's head, and of a single read or write, in bytes.
const MOST_HEAD: usize = 64 << 10;
/// Minimum rate of a body, and of an answer while its client is slow to read, in bytes per second.
const SLOWEST: u64 = 1_000;
/// Rates are measured over this fraction of the timeout.
const WINDOWS: u32 = 6;
/// Size of the system's send buffer of a connection, in bytes. A larger buffer would delay noticing that a client does
/// not read.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 << 10;
/// Maximum number of connections to the metrics address.
const SCRAPES: usize = 16;
/// Maximum number of connections that are being closed with a `503` or to make room for others.
const LEAVING: usize = 64;
/// How long a client has to read an answer that was sent before its request was read completely.
const LINGER: Duration = Duration::from_secs(2);
/// How long to stop accepting after the system failed to provide a connection.
const PAUSE: Duration = Duration::from_millis(20);

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    x-content-type-options: nosniff\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 57\r\n\r\n\
    this server has as many connections as it may: try again\n";

/// Maximum number of connections, and how long each may wait for its client.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Maximum number of connections.
    pub connections: usize,
    /// From the start of a connection, or the first byte of a later request, to the end of the head.
    pub header: Duration,
    /// From the head to the end of the body.
    pub body: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// How long a client may read nothing of an answer.
    pub write: Duration,
    /// From the shutdown signal to the end of the server.
    pub grace: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 1_024,
            header: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// How many bytes had been transferred at a tick.
#[derive(Debug, Clone, Copy)]
struct Mark {
    tick: u32,
    bytes: u64,
}

/// State of a connection that only the sweeper uses.
#[derive(Debug)]
struct Entry {
    watch: Arc<ConnectionState>,
    body: Option<Mark>,
    write: Option<Mark>,
    purpose: Purpose,
    /// It has been ordered to make room.
    is_leaving: bool,
}

/// Purpose of a connection. Each purpose has its own places, so the metrics can be read while clients use all of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Clients,
    Metrics,
}

impl Purpose {
    fn of(site: &AddressServices) -> Self {
        match site.shared {
            Some(_) => Self::Clients,
            None => Self::Metrics,
        }
    }
}

#[derive(Debug, Default)]
struct Open {
    entries: FxHashMap<u64, Entry>,
    /// Number of connections of each purpose, without those that were ordered to make room.
    staying: [usize; 2],
    leaving: usize,
    next: u64,
    /// Sums of the counters of closed connections.
    sent: u64,
    answers: [u64; CLASSES],
}

/// All connections of the server.
#[derive(Debug)]
pub(super) struct Connections {
    bounds: Bounds,
    tick: Duration,
    start: Instant,
    ticks: Arc<Ticks>,
    open: Mutex<Open>,
    /// Notified when a connection is closed.
    closed: Notify,
    refusing: Arc<Semaphore>,
    accepted: AtomicU64,
    pub record: Arc<Record>,
}

/// Counts of all connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub open: usize,
    pub accepted: u64,
    pub sent: u64,
    pub answers: [u64; CLASSES],
}

/// A place among the connections, which is free again when this is dropped.
struct Place {
    connections: Arc<Connections>,
    id: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        if let MapEntry::Occupied(entry) = open.entries.entry(self.id) {
            let entry = entry.remove();
            if entry.is_leaving {
                open.leaving -= 1;
            } else {
                open.staying[entry.purpose as usize] -= 1;
            }
            open.sent += entry.watch.sent();
            for (sum, count) in open.answers.iter_mut().zip(entry.watch.answers()) {
                *sum += count;
            }
        }
        drop(open);
        self.connections.closed.notify_waiters();
    }
}

impl Connections {
    pub fn new(bounds: Bounds, record: Record) -> Arc<Self> {
        let shortest = bounds.header.min(bounds.body).min(bounds.idle).min(bounds.write);
        Arc::new(Self {
            tick: (shortest / 16).clamp(Duration::from_millis(5), Duration::from_millis(500)),
            bounds,
            start: Instant::now(),
            ticks: Arc::default(),
            open: Mutex::default(),
            closed: Notify::new(),
            refusing: Arc::new(Semaphore::new(LEAVING)),
            accepted: AtomicU64::new(0),
            record: Arc::new(record),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sums of the counters of open and closed connections.
    pub fn counts(&self) -> Counts {
        let open = self.open();
        let mut counts = Counts {
            open: open.entries.len(),
            accepted: self.accepted.load(Ordering::Relaxed),
            sent: open.sent,
            answers: open.answers,
        };
        for entry in open.entries.values() {
            counts.sent += entry.watch.sent();
            for (sum, count) in counts.answers.iter_mut().zip(entry.watch.answers()) {
                *sum += count;
            }
        }
        counts
    }

    /// Accepts connections for as long as the future is polled.
    pub async fn accept(self: Arc<Self>, listener: TcpListener, site: Arc<AddressServices>) -> Infallible {
        let mut noted: Option<Instant> = None;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    self.accepted.fetch_add(1, Ordering::Relaxed);
                    self.admit(stream, &site);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if noted.is_none_or(|it| it.elapsed() >= Duration::from_secs(1)) {
                        noted = Some(Instant::now());
                        let open = self.open().entries.len();
                        tracing::error!(%error, open, "cannot accept connections: trying again");
                    }
                    // Probably too many open files. Closing an idle connection frees one.
                    self.make_room(&mut self.open(), Purpose::of(&site));
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Serves a connection, if there is room for it.
    fn admit(self: &Arc<Self>, stream: TcpStream, site: &Arc<AddressServices>) {
        let purpose = Purpose::of(site);
        let most = match purpose {
            Purpose::Clients => self.bounds.connections,
            Purpose::Metrics => SCRAPES,
        };
        let mut open = self.open();
        if open.staying[purpose as usize] >= most && !self.make_room(&mut open, purpose) {
            drop(open);
            self.refuse(stream);
            return;
        }
        let watch = Arc::new(ConnectionState::new(self.ticks.clone()));
        let id = open.next;
        open.next += 1;
        open.entries.insert(
            id,
            Entry {
                watch: watch.clone(),
                body: None,
                write: None,
                purpose,
                is_leaving: false,
            },
        );
        open.staying[purpose as usize] += 1;
        drop(open);
        let place = Place {
            connections: self.clone(),
            id,
        };
        let _ = stream.set_nodelay(true);
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT);
        let local = stream.local_addr().ok().map(|it| it.ip());
        let peer = Peer::new(site.clone(), self.record.clone(), watch.clone(), local);
        let io = TokioIo::new(TrackedSocket::new(stream, watch.clone(), place));
        let connection = http1::Builder::new()
            .max_buf_size(MOST_HEAD)
            .serve_connection(io, peer)
            .with_upgrades();
        tokio::spawn(ServedConnection {
            connection,
            connections: self.clone(),
            watch,
            is_known: false,
            is_finishing: false,
        });
    }

    /// Orders the connection of a purpose that has waited the longest for a request to make room. Returns whether there
    /// is one.
    fn make_room(&self, open: &mut Open, purpose: Purpose) -> bool {
        if open.leaving >= LEAVING {
            return false;
        }
        let now = self.ticks.now();
        let waiting = open
            .entries
            .values_mut()
            .filter(|it| !it.is_leaving && it.purpose == purpose);
        let waiting = waiting.filter_map(|it| {
            let (phase, since) = it.watch.phase_since();
            phase
                .is_waiting_for_a_request()
                .then(|| (now.wrapping_sub(since), phase, it))
        });
        let Some((_, phase, entry)) = waiting.max_by_key(|it| it.0) else {
            return false;
        };
        entry.is_leaving = true;
        entry.watch.tell(if phase == Phase::Idle {
            Order::Finish
        } else {
            Order::Drop
        });
        open.staying[purpose as usize] -= 1;
        open.leaving += 1;
        true
    }

    /// Closes a connection for which there is no room; clients of GraphQL get a `503`.
    fn refuse(&self, mut stream: TcpStream) {
        self.record.counters.note_code("CONNECTION_LIMIT");
        self.record.log.note(
            RequestOutcome {
                status: Some(503),
                code: Some("CONNECTION_LIMIT"),
                taken: Duration::ZERO,
                bytes: 0,
            },
            None,
        );
        let Ok(permit) = self.refusing.clone().try_acquire_owned() else {
            return;
        };
        tokio::spawn(async move {
            let _permit = permit;
            let answer = async {
                stream.write_all(FULL).await?;
                stream.shutdown().await?;
                let mut scratch = [0; 1 << 10];
                while stream.read(&mut scratch).await? > 0 {}
                io::Result::Ok(())
            };
            let _ = tokio::time::timeout(Duration::from_secs(1), answer).await;
        });
    }

    /// Ends overdue connections at every tick, for as long as the future is polled.
    pub async fn sweep(self: Arc<Self>) -> Infallible {
        let mut ticks = tokio::time::interval(self.tick);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = self.start.elapsed().as_nanos() / self.tick.as_nanos();
            self.ticks.set(now as u32);
            self.sweep_once(now as u32);
            self.record.log.count_left_out();
        }
    }

    fn sweep_once(&self, now: u32) {
        let mut overdue = Vec::new();
        for entry in self.open().entries.values_mut() {
            if let Some(code) = self.look_at(entry, now) {
                overdue.push(code);
            }
        }
        for (code, taken) in overdue {
            self.record.counters.note_code(code);
            self.record.log.note(
                RequestOutcome {
                    status: None,
                    code: Some(code),
                    taken,
                    bytes: 0,
                },
                None,
            );
        }
    }

    /// Ends an overdue connection. If that loses a request, logs why.
    fn look_at(&self, entry: &mut Entry, now: u32) -> Option<(&'static str, Duration)> {
        let bounds = &self.bounds;
        let watch = &entry.watch;
        let (phase, since) = watch.phase_since();
        let after = |since: u32, timeout: Duration| self.is_after(now.wrapping_sub(since), timeout);
        let taken = |since: u32| self.tick * now.wrapping_sub(since);
        if watch.order() == Order::Drop {
            // A connection that is being upgraded may miss an order while its owner changes, so the order is repeated.
            watch.tell(Order::Drop);
            return None;
        }
        if watch.blocked_since().is_some() {
            if self.is_too_slow(&mut entry.write, watch.sent(), now, bounds.write) {
                watch.tell(Order::Drop);
                return Some(("WRITE_TIMEOUT", bounds.write));
            }
        } else {
            entry.write = None;
        }
        if phase != Phase::Body {
            entry.body = None;
        }
        match phase {
            Phase::Fresh if after(since, bounds.header) => watch.tell(Order::Drop),
            Phase::Head if after(since, bounds.header) => {
                watch.tell(Order::Drop);
                return Some(("HEADER_TIMEOUT", taken(since)));
            }
            Phase::Body
                if after(since, bounds.body)
                    || self.is_too_slow(&mut entry.body, watch.received(), now, bounds.body / WINDOWS) =>
            {
                watch.set_late();
            }
            // Bytes of another request, received together with the last one, keep the connection open.
            Phase::Idle if after(since, bounds.idle + bounds.header) => watch.tell(Order::Drop),
            Phase::Idle if after(since, bounds.idle) => watch.tell(Order::Finish),
            Phase::Closing if after(since, LINGER) => watch.tell(Order::Drop),
            _ => {}
        }
        None
    }

    /// Whether `ticks` ticks are longer than `time`. Part of the first tick may have passed before counting began.
    fn is_after(&self, ticks: u32, time: Duration) -> bool {
        self.tick * ticks >= time + self.tick
    }

    /// Whether fewer bytes were transferred in a period than the minimum rate requires. A new period begins when enough
    /// bytes were transferred, so a client that stops is noticed one period later.
    fn is_too_slow(&self, mark: &mut Option<Mark>, bytes: u64, now: u32, stretch: Duration) -> bool {
        let needed = (stretch.as_millis() as u64 * SLOWEST / 1_000).max(1);
        match *mark {
            Some(begun) if bytes - begun.bytes < needed => {
                self.is_after(now.wrapping_sub(begun.tick), stretch)
            }
            _ => {
                *mark = Some(Mark { tick: now, bytes });
                false
            }
        }
    }

    /// Lets each connection finish its request, and ends the remaining ones when the time is over.
    pub async fn end(&self) {
        self.tell_all(Order::Finish);
        if tokio::time::timeout(self.bounds.grace, self.all_closed())
            .await
            .is_err()
        {
            let left = self.open().entries.len();
            tracing::warn!(left, "connections are aborted at the end of --grace");
            self.tell_all(Order::Drop);
            let _ = tokio::time::timeout(Duration::from_secs(1), self.all_closed()).await;
        }
    }

    fn tell_all(&self, order: Order) {
        for entry in self.open().entries.values() {
            entry.watch.tell(order);
        }
    }

    async fn all_closed(&self) {
        loop {
            let mut closed = std::pin::pin!(self.closed.notified());
            closed.as_mut().enable();
            if self.open().entries.is_empty() {
                return;
            }
            closed.await;
        }
    }
}

/// Whether an error of `accept` affects only the connection that was being accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// A connection that is served.
struct ServedConnection {
    connection: http1::UpgradeableConnection<TokioIo<TrackedSocket<Place>>, Peer>,
    connections: Arc<Connections>,
    watch: Arc<ConnectionState>,
    is_known: bool,
    is_finishing: bool,
}

impl Future for ServedConnection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if !this.is_known {
            // The waker of a task does not change.
            this.watch.wake_task(cx.waker());
            this.is_known = true;
        }
        match this.watch.order() {
            Order::GoOn => {}
            Order::Finish => {
                if !this.is_finishing {
                    this.is_finishing = true;
                    Pin::new(&mut this.connection).graceful_shutdown();
                }
            }
            Order::Drop => return Poll::Ready(()),
        }
        this.watch.begin_turn();
        #[cfg(feature = "probes")]
        let begun = crate::probes::cpu_time();
        let polled = Pin::new(&mut this.connection).poll(cx);
        #[cfg(feature = "probes")]
        this.connections
            .record
            .counters
            .note_poll(crate::probes::cpu_time().saturating_sub(begun));
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(error)) => {
                if error.is_parse() {
                    this.connections.refused_by_http(&error);
                }
                Poll::Ready(())
            }
        }
    }
}

impl Connections {
    /// Records a malformed request, which hyper answered itself.
    fn refused_by_http(&self, error: &hyper::Error) {
        let status = if error.is_parse_too_large() { 431 } else { 400 };
        self.record.counters.note_code("BAD_HTTP");
        self.record.log.note(
            RequestOutcome {
                status: Some(status),
                code: Some("BAD_HTTP"),
                taken: Duration::ZERO,
                bytes: 0,
            },
            None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::Log;
    use super::*;

    fn connections() -> Arc<Connections> {
        Connections::new(Bounds::default(), Record::new(Log::new(Duration::from_secs(1))))
    }

    fn entry(connections: &Connections) -> Entry {
        Entry {
            watch: Arc::new(ConnectionState::new(connections.ticks.clone())),
            body: None,
            write: None,
            purpose: Purpose::Clients,
            is_leaving: false,
        }
    }

    /// Checks a connection at each tick while `step` simulates its client. Returns the seconds until the connection is
    /// ordered to end, and the error code.
    fn ended(
        phase: Phase,
        mut step: impl FnMut(&ConnectionState),
    ) -> Option<(Duration, Option<&'static str>)> {
        let connections = connections();
        let mut entry = entry(&connections);
        entry.watch.enter(phase);
        for tick in 1..400 {
            connections.ticks.set(tick);
            step(&entry.watch);
            let code = connections.look_at(&mut entry, tick).map(|it| it.0);
            if entry.watch.order() != Order::GoOn || entry.watch.is_late() {
                return Some((connections.tick * tick, code));
            }
        }
        None
    }

    #[test]
    fn each_phase_has_its_timeout() {
        let seconds = |phase| ended(phase, |_| {}).map(|it| (it.0.as_secs(), it.1));
        assert_eq!(seconds(Phase::Fresh), Some((10, None)));
        assert_eq!(seconds(Phase::Head), Some((10, Some("HEADER_TIMEOUT"))));
        assert_eq!(seconds(Phase::Idle), Some((75, None)));
        assert_eq!(seconds(Phase::Closing), Some((2, None)));
        for endless in [Phase::Busy, Phase::Answered, Phase::Upgraded, Phase::Turn] {
            assert_eq!(seconds(endless), None);
        }
    }

    #[test]
    fn a_body_has_to_come_at_a_rate() {
        let seconds = |bytes| ended(Phase::Body, |watch| watch.note_body(bytes)).map(|it| it.0.as_secs());
        assert_eq!(
            seconds(0),
            Some(6),
            "after a window that begins when it is first looked at"
        );
        assert_eq!(seconds(400), Some(6));
        assert_eq!(
            seconds(600),
            Some(30),
            "two steps a second are over the rate, and all of it takes too long"
        );
    }

    #[test]
    fn an_answer_has_to_be_read_at_a_rate() {
        let blocked = |phase, bytes| {
            let ended = ended(phase, |watch| {
                watch.note_blocked();
                watch.note_sent(bytes);
            });
            ended.map(|it| (it.0.as_secs(), it.1))
        };
        for phase in [Phase::Busy, Phase::Answered, Phase::Upgraded] {
            assert_eq!(blocked(phase, 0), Some((31, Some("WRITE_TIMEOUT"))));
            assert_eq!(blocked(phase, 400), Some((31, Some("WRITE_TIMEOUT"))));
            assert_eq!(blocked(phase, 600), None);
        }
        // An earlier transfer does not excuse a later stop.
        let flushed = ended(Phase::Busy, |watch| {
            watch.note_blocked();
            watch.note_flushed();
        });
        assert_eq!(flushed, None);
    }

    #[test]
    fn the_one_that_waited_longest_makes_room() {
        let connections = connections();
        let mut open = Open::default();
        for (id, (phase, since)) in [
            (Phase::Idle, 7),
            (Phase::Head, 5),
            (Phase::Busy, 1),
            (Phase::Upgraded, 1),
            (Phase::Fresh, 9),
        ]
        .into_iter()
        .enumerate()
        {
            connections.ticks.set(since);
            let entry = entry(&connections);
            entry.watch.enter(phase);
            open.entries.insert(id as u64, entry);
            open.staying[Purpose::Clients as usize] += 1;
        }
        connections.ticks.set(10);
        let order = |open: &Open, id: u64| open.entries[&id].watch.order();
        assert!(!connections.make_room(&mut open, Purpose::Metrics));
        assert!(connections.make_room(&mut open, Purpose::Clients));
        assert_eq!(order(&open, 1), Order::Drop);
        assert!(connections.make_room(&mut open, Purpose::Clients));
        assert_eq!(
            order(&open, 0),
            Order::Finish,
            "what it was asked meanwhile is answered"
        );
        assert!(connections.make_room(&mut open, Purpose::Clients));
        assert_eq!(order(&open, 4), Order::Drop);
        assert!(
            !connections.make_room(&mut open, Purpose::Clients),
            "the others are busy"
        );
        assert_eq!((open.leaving, open.staying), (3, [2, 0]));
    }

    #[test]
    fn the_refusal_has_the_length_that_it_says() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.ends_with(&format!("content-length: {}", body.len())),
            "{text}"
        );
    }
}
