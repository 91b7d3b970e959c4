//! PINGs that find a peer that disappeared.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
};

use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep, sleep};

use crate::settings;

/// The PINGs of one connection.
pub(super) struct Keepalive {
    settings: settings::Keepalive,
    pings: Option<PingPong>,
    timer: Pin<Box<Sleep>>,
    is_waiting: bool,
}

impl Keepalive {
    /// None if there are no PINGs.
    pub(super) fn new(settings: settings::Keepalive, pings: Option<PingPong>) -> Option<Self> {
        let time = settings.time?;
        Some(Self {
            settings,
            pings,
            timer: Box::pin(sleep(time)),
            is_waiting: false,
        })
    }

    /// Ready if the peer is gone.
    pub(super) fn poll(&mut self, has_calls: bool, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(pings), Some(time)) = (&mut self.pings, self.settings.time) else {
            return Poll::Pending;
        };
        loop {
            if self.is_waiting && pings.poll_pong(cx).is_ready() {
                self.is_waiting = false;
                self.timer.as_mut().reset(Instant::now() + time);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.is_waiting {
                return Poll::Ready(());
            }
            let is_needed = has_calls || self.settings.without_calls;
            let pause = match is_needed && pings.send_ping(Ping::opaque()).is_ok() {
                true => {
                    self.is_waiting = true;
                    self.settings.timeout
                }
                false => time,
            };
            self.timer.as_mut().reset(Instant::now() + pause);
        }
    }
}
