//! The states of a scope, for one who wants to know of them.

use std::sync::Arc;

use carml_kv::{Error, WatchStatus, client::copy};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::followers::{Followers, Seen};
use crate::{Consul, namespace::Scope, read::State};

/// Every state after a known one; of states in quick succession only the last.
pub(crate) struct Feed {
    seen: watch::Receiver<Seen>,
    closed: CancellationToken,
    last: u64,
    epoch: u64,
    ended: bool,
}

impl Feed {
    /// What comes after a state that was just read.
    pub(crate) fn after(
        consul: &Consul,
        op: &'static str,
        scope: &Scope,
        state: Arc<State>,
    ) -> Feed {
        let last = state.revision;
        let mut seen = Followers::join(consul, op, scope, state);
        // Others may have seen more.
        seen.mark_changed();
        let epoch = seen.borrow().epoch;
        Feed {
            seen,
            closed: consul.shared.closed().clone(),
            last,
            epoch,
            ended: false,
        }
    }

    /// The next state; `None`: the store was closed, or an error was the last item.
    pub(crate) async fn next(&mut self) -> Option<Result<Arc<State>, Error>> {
        loop {
            if self.ended {
                return None;
            }
            tokio::select! {
                biased;
                () = self.closed.cancelled() => return None,
                changed = self.seen.changed() => changed.ok()?,
            }
            let seen = self.seen.borrow_and_update().clone();
            if let Some(error) = seen.error {
                self.ended = true;
                return Some(Err(copy(&error)));
            }
            if seen.epoch != self.epoch || seen.state.revision > self.last {
                (self.epoch, self.last) = (seen.epoch, seen.state.revision);
                return Some(Ok(seen.state));
            }
        }
    }

    /// Rises when Consul's revisions begin again.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The status, as long as the handle is kept.
    pub(super) fn status(&self) -> (watch::Receiver<WatchStatus>, AbortOnDropHandle<()>) {
        let mut seen = self.seen.clone();
        let (sender, status) = watch::channel(seen.borrow_and_update().status);
        let forward = tokio::spawn(async move {
            while seen.changed().await.is_ok() {
                let now = seen.borrow_and_update().status;
                sender.send_if_modified(|last| std::mem::replace(last, now) != now);
            }
        });
        (status, AbortOnDropHandle::new(forward))
    }
}
