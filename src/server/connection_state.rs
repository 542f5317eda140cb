//! The current state of a connection. The task that serves the connection writes it; the sweeper of
//! [`super::connections`] reads it and compares it with the timeouts.
//!
//! The task never reads the clock and never sets a timer: it records the sweeper's tick. A request costs a few plain
//! stores to memory that no other thread writes.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::Poll;

use axum::http::StatusCode;
use futures_util::task::AtomicWaker;

/// The event for which a connection waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// The first byte of its first request.
    Fresh,
    /// The rest of a request's head.
    Head,
    /// The rest of a request's body.
    Body,
    /// The answer to a request.
    Busy,
    /// The client, which has to read an answer.
    Answered,
    /// The first byte of the next request.
    Idle,
    /// An upgraded connection is a WebSocket; HTTP has no state for it.
    Upgraded,
    /// The client, which has to close its side after an answer that was sent early.
    Closing,
    /// Other connections of its thread, to which it yielded.
    Turn,
}

impl Phase {
    fn from_bits(bits: u64) -> Self {
        match bits & 0xff {
            0 => Self::Fresh,
            1 => Self::Head,
            2 => Self::Body,
            3 => Self::Busy,
            4 => Self::Answered,
            5 => Self::Idle,
            6 => Self::Upgraded,
            7 => Self::Closing,
            _ => Self::Turn,
        }
    }

    /// Whether the client loses nothing if the connection is closed now, except an incomplete head.
    pub fn is_waiting_for_a_request(self) -> bool {
        matches!(self, Self::Fresh | Self::Head | Self::Idle)
    }
}

/// The sweeper's order to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Order {
    GoOn,
    /// Close after the current answer.
    Finish,
    /// Close at once.
    Drop,
}

/// Number of ticks of the sweeper so far.
#[derive(Debug, Default)]
pub(super) struct Ticks(AtomicU32);

impl Ticks {
    pub fn now(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    pub fn set(&self, now: u32) {
        self.0.store(now, Ordering::Relaxed);
    }
}

/// Number of answers by the class of their status, from 1xx to 5xx.
pub(super) const CLASSES: usize = 5;

/// The state of one connection.
#[derive(Debug)]
pub(super) struct ConnectionState {
    ticks: Arc<Ticks>,
    /// The phase in the low byte; in the upper bits the tick when it began.
    phase: AtomicU64,
    /// One more than the tick when a write first had to wait; 0 if no write waits.
    blocked: AtomicU32,
    /// Bytes that the system accepted for sending.
    sent: AtomicU64,
    /// Bytes of request bodies that were received.
    received: AtomicU64,
    answers: [AtomicU64; CLASSES],
    order: AtomicU8,
    /// Number of the current poll of the connection's task.
    turn: AtomicU32,
    /// Number of the poll in which a request was last answered.
    answered_in: AtomicU32,
    /// Whether the body takes too long.
    is_late: AtomicBool,
    /// Whether the client may still be sending a body that is not read.
    has_unread_body: AtomicBool,
    task: AtomicWaker,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl ConnectionState {
    pub fn new(ticks: Arc<Ticks>) -> Self {
        let watch = Self {
            ticks,
            phase: AtomicU64::new(0),
            blocked: AtomicU32::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            answers: Default::default(),
            order: AtomicU8::new(Order::GoOn as u8),
            turn: AtomicU32::new(0),
            answered_in: AtomicU32::new(0),
            is_late: AtomicBool::new(false),
            has_unread_body: AtomicBool::new(false),
            task: AtomicWaker::new(),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
        };
        watch.enter(Phase::Fresh);
        watch
    }

    /// Records the start of a phase.
    pub fn enter(&self, phase: Phase) {
        let bits = u64::from(self.ticks.now()) << 8 | u64::from(phase as u8);
        self.phase.store(bits, Ordering::Relaxed);
    }

    pub fn phase(&self) -> Phase {
        Phase::from_bits(self.phase.load(Ordering::Relaxed))
    }

    /// The phase, and the tick when it began.
    pub fn phase_since(&self) -> (Phase, u32) {
        let bits = self.phase.load(Ordering::Relaxed);
        (Phase::from_bits(bits), (bits >> 8) as u32)
    }

    /// Records that bytes were received.
    pub fn note_read(&self) {
        if matches!(self.phase(), Phase::Idle | Phase::Fresh) {
            self.enter(Phase::Head);
        }
    }

    /// Records the start of a poll of the connection's task.
    pub fn begin_turn(&self) {
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn.store(turn.wrapping_add(1), Ordering::Relaxed);
    }

    /// The number of the current poll.
    pub fn turn(&self) -> u32 {
        self.turn.load(Ordering::Relaxed)
    }

    /// Whether a request was already answered in this poll.
    pub fn has_answered_in_turn(&self) -> bool {
        self.answered_in.load(Ordering::Relaxed) == self.turn()
    }

    /// Records that the server waits for a body.
    pub fn begin_body(&self) {
        self.is_late.store(false, Ordering::Relaxed);
        self.enter(Phase::Body);
    }

    /// Records that part of a body was received.
    pub fn note_body(&self, bytes: usize) {
        add(&self.received, bytes as u64);
    }

    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Records that the system accepted bytes for sending.
    pub fn note_sent(&self, bytes: usize) {
        add(&self.sent, bytes as u64);
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Records that a write has to wait for the client.
    pub fn note_blocked(&self) {
        if self.blocked.load(Ordering::Relaxed) == 0 {
            self.blocked
                .store(self.ticks.now().saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Records that everything was sent.
    pub fn note_flushed(&self) {
        if self.blocked.load(Ordering::Relaxed) != 0 {
            self.blocked.store(0, Ordering::Relaxed);
        }
        if self.phase() == Phase::Answered {
            self.enter(Phase::Idle);
        }
    }

    /// The tick when the waiting write began to wait, if one waits.
    pub fn blocked_since(&self) -> Option<u32> {
        self.blocked.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Counts an answer.
    pub fn note_answer(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES) - 1;
        add(&self.answers[class], 1);
        self.answered_in.store(self.turn(), Ordering::Relaxed);
    }

    /// Number of answers by the class of their status.
    pub fn answers(&self) -> [u64; CLASSES] {
        std::array::from_fn(|class| self.answers[class].load(Ordering::Relaxed))
    }

    /// Records whether the client may still send a body that is not read.
    pub fn set_unread_body(&self, has_unread_body: bool) {
        self.has_unread_body.store(has_unread_body, Ordering::Relaxed);
    }

    pub fn has_unread_body(&self) -> bool {
        self.has_unread_body.load(Ordering::Relaxed)
    }

    pub fn is_late(&self) -> bool {
        self.is_late.load(Ordering::Relaxed)
    }

    /// Ends reading of the body.
    pub fn set_late(&self) {
        self.is_late.store(true, Ordering::Relaxed);
        self.task.wake();
    }

    pub fn order(&self) -> Order {
        match self.order.load(Ordering::Acquire) {
            0 => Order::GoOn,
            1 => Order::Finish,
            _ => Order::Drop,
        }
    }

    /// Orders the connection to end. An earlier, stronger order stays in force.
    pub fn tell(&self, order: Order) {
        self.order.fetch_max(order as u8, Ordering::Release);
        self.task.wake();
        self.reader.wake();
        self.writer.wake();
    }

    /// Waits until an upgraded connection is ordered to end. The task that served HTTP on it has ended.
    pub async fn until_ordered(&self) {
        poll_fn(|cx| {
            self.task.register(cx.waker());
            match self.order() {
                Order::GoOn => Poll::Pending,
                Order::Finish | Order::Drop => Poll::Ready(()),
            }
        })
        .await;
    }

    /// Wakes the current task when the connection receives an order.
    pub fn wake_task(&self, waker: &std::task::Waker) {
        self.task.register(waker);
    }

    /// Wakes the reader of an upgraded connection, since the sweeper does not know the task that serves it.
    pub fn wake_reader(&self, waker: &std::task::Waker) {
        self.reader.register(waker);
    }

    /// Wakes the writer of an upgraded connection.
    pub fn wake_writer(&self, waker: &std::task::Waker) {
        self.writer.register(waker);
    }
}

/// Adds to a counter that no other thread writes at the same time.
fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Ordering::Relaxed) + more, Ordering::Relaxed);
}
