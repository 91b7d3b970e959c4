//! When something is due on a connection.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    io::ReadCount,
    settings::{Keepalive, Settings},
};

/// How long a connection without calls may take to answer the PING that goes with GOAWAY.
pub(super) const IDLE_GRACE: Duration = Duration::from_secs(1);

/// What a connection has to do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Send GOAWAY: it is old, or has been idle for long.
    GoAway,
    /// Close it, for this reason.
    Close(&'static str),
}

/// The times of one connection.
#[derive(Debug)]
pub(super) struct Clock {
    /// Set to the first of the times below.
    timer: Pin<Box<Sleep>>,
    pings: Option<Pings>,
    max_idle: Option<Duration>,
    age_grace: Duration,
    /// When it is too old, and has not been told.
    old: Option<Instant>,
    /// Since when it has had no call.
    idle_since: Option<Instant>,
    /// When it is closed, after GOAWAY for its age.
    grace_ends: Option<Instant>,
    /// When it is closed, after GOAWAY and if it has no call.
    empty_ends: Option<Instant>,
}

#[derive(Debug)]
struct Pings {
    channel: PingPong,
    keepalive: Keepalive,
    reads: ReadCount,
    /// How often the connection had been read from when the last PING was sent.
    reads_before: u64,
    is_unanswered: bool,
    next: Instant,
}

impl Clock {
    pub(super) fn new(settings: &Settings, channel: Option<PingPong>, reads: ReadCount) -> Self {
        let now = Instant::now();
        let pings = settings
            .keepalive
            .zip(channel)
            .map(|(keepalive, channel)| Pings {
                channel,
                keepalive,
                reads,
                reads_before: 0,
                is_unanswered: false,
                next: later(now, keepalive.interval),
            });
        Self {
            timer: Box::pin(sleep_until(now)),
            pings,
            max_idle: settings.max_idle,
            age_grace: settings.age_grace,
            old: settings.max_age.map(|age| later(now, jittered(age))),
            idle_since: Some(now),
            grace_ends: None,
            empty_ends: None,
        }
    }

    /// Ready when something is due. PINGs are sent, and their answers read, on the way.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        if let Some(pings) = &mut self.pings
            && pings.is_unanswered
            && let Poll::Ready(Ok(_)) = pings.channel.poll_pong(cx)
        {
            pings.is_unanswered = false;
            pings.next = later(Instant::now(), pings.keepalive.interval);
        }
        loop {
            let Some(next) = self.next() else {
                return Poll::Pending;
            };
            if self.timer.deadline() != next {
                self.timer.as_mut().reset(next);
            }
            match self.timer.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => {
                    if let Some(due) = self.due() {
                        return Poll::Ready(due);
                    }
                }
            }
            // A PING was sent: the task must be woken by its answer.
            if let Some(pings) = &mut self.pings
                && pings.is_unanswered
            {
                let _ = pings.channel.poll_pong(cx);
            }
        }
    }

    fn next(&self) -> Option<Instant> {
        let pings = self.pings.as_ref().map(|pings| pings.next);
        let times = [
            pings,
            self.old,
            self.idle_ends(),
            self.grace_ends,
            self.empty_ends,
        ];
        times.into_iter().flatten().min()
    }

    fn idle_ends(&self) -> Option<Instant> {
        let (since, max) = self.idle_since.zip(self.max_idle)?;
        Some(later(since, max))
    }

    /// A call has begun, or the last one has ended.
    pub(super) fn calls(&mut self, any: bool) {
        self.idle_since = match (any, self.idle_since) {
            (true, _) => None,
            (false, Some(since)) => Some(since),
            (false, None) => Some(Instant::now()),
        };
    }

    /// GOAWAY was sent. A connection that is only too old is closed after the grace; one that is
    /// empty does not wait for its client.
    pub(super) fn gone_away(&mut self) {
        let now = Instant::now();
        if self.old.take().is_some_and(|old| old <= now) {
            self.grace_ends = Some(later(now, self.age_grace));
        }
        self.max_idle = None;
    }

    /// After GOAWAY: whether there are calls.
    pub(super) fn emptied(&mut self, has_calls: bool) {
        self.empty_ends = match (has_calls, self.empty_ends) {
            (true, _) => None,
            (false, Some(ends)) => Some(ends),
            (false, None) => Some(later(Instant::now(), IDLE_GRACE)),
        };
    }

    /// What is due now; nothing, if it is only a PING that has to be sent.
    fn due(&mut self) -> Option<Due> {
        let now = Instant::now();
        let is_past = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        if is_past(self.grace_ends) {
            return Some(Due::Close(
                "it is older than grpc.server.max_connection_age allows",
            ));
        }
        if is_past(self.empty_ends) {
            return Some(Due::Close(
                "it has no calls, and its client does not close it",
            ));
        }
        if let Some(pings) = &mut self.pings
            && pings.next <= now
            && let Some(reason) = pings.due(now)
        {
            return Some(Due::Close(reason));
        }
        if is_past(self.old) || is_past(self.idle_ends()) {
            return Some(Due::GoAway);
        }
        None
    }
}

impl Pings {
    fn due(&mut self, now: Instant) -> Option<&'static str> {
        let reads = self.reads.get();
        if self.is_unanswered && reads == self.reads_before {
            return Some("a PING was not answered within grpc.server.keepalive.timeout");
        }
        if !self.is_unanswered {
            // It fails if the last one is not sent yet: that one counts.
            let _ = self.channel.send_ping(Ping::opaque());
            self.is_unanswered = true;
        }
        self.reads_before = reads;
        self.next = later(now, self.keepalive.timeout);
        None
    }
}

/// 10 % more or less, so that connections of one moment do not end in one moment.
fn jittered(age: Duration) -> Duration {
    age.mul_f64(rand::random_range(0.9..=1.1))
}

/// A time that is too far away to be represented is as good as one in a century.
fn later(now: Instant, wait: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(3600 * 24 * 36525);
    now + wait.min(CENTURY)
}
