//! One hold, and the stream of its call.

use std::sync::Arc;

use carml_runtime::kv::BoxFuture;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tonic::Status;

use super::{End, Holder, Holds, Signals};
use crate::api::LockHeld;

/// What a client is told of a lock.
pub(crate) enum HoldState {
    Held(LockHeld),
    Lost,
}

/// A lock that a client holds. Dropping it releases the lock.
pub(super) struct Hold {
    holds: Holds,
    id: u64,
    holder: Option<Arc<dyn Holder>>,
    end: watch::Receiver<End>,
    signals: Signals,
}

impl Hold {
    pub(super) fn new(
        holds: Holds,
        id: u64,
        holder: Arc<dyn Holder>,
        end: watch::Receiver<End>,
        signals: Signals,
    ) -> Hold {
        Hold {
            holds,
            id,
            holder: Some(holder),
            end,
            signals,
        }
    }

    async fn over(&mut self) {
        let Some(holder) = self.holder.clone() else {
            return;
        };
        tokio::select! {
            () = holder.guard().lost() => {}
            () = self.signals.release.cancelled() => {}
            () = expired(&mut self.end) => {}
        }
    }
}

async fn expired(end: &mut watch::Receiver<End>) {
    loop {
        let at = end.borrow_and_update().at;
        if at <= Instant::now() {
            return;
        }
        tokio::select! {
            () = sleep_until(at) => {}
            _ = end.changed() => {}
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let renewal = self.holds.held().remove(&self.id);
        // The last two: the lock is free once they are gone.
        drop(renewal);
        drop(self.holder.take());
        self.signals.released.cancel();
    }
}

/// A hold whose call is open. When the call ends, it lasts until its client knows that it is over.
pub(super) struct Called(Option<Hold>);

impl Called {
    async fn over(mut self) {
        let Some(hold) = &mut self.0 else {
            return;
        };
        let broken = hold.signals.broken.clone();
        tokio::select! {
            () = hold.over() => drop(self.0.take()),
            () = broken.cancelled() => {}
        }
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        let hold = self.0.take().filter(|hold| hold.end.borrow().is_renewed);
        if let (Some(mut hold), Ok(runtime)) = (hold, tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { hold.over().await });
        }
    }
}

/// Of the stream of a call.
pub(super) enum Step {
    Waiting(BoxFuture<'static, Result<Hold, Status>>),
    Holding(Called),
    Ended,
}

impl Step {
    pub(super) async fn next(self) -> Result<Option<(HoldState, Step)>, Status> {
        match self {
            Step::Waiting(granted) => {
                let hold = granted.await?;
                let token = hold.holder.as_ref().map(|holder| holder.guard().token());
                let held = LockHeld {
                    fencing_token: token.unwrap_or_default(),
                    hold: hold.id,
                };
                let called = Called(Some(hold));
                Ok(Some((HoldState::Held(held), Step::Holding(called))))
            }
            Step::Holding(called) => {
                called.over().await;
                Ok(Some((HoldState::Lost, Step::Ended)))
            }
            Step::Ended => Ok(None),
        }
    }
}
