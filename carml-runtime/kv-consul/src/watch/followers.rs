//! The blocking queries that run, and what they have seen last.

use std::{
    cmp::Ordering,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use carml_kv::{Error, ErrorKind, SnapshotReason, WatchStatus, client::Call};
use tokio::{sync::watch, time::sleep};

use crate::{Consul, cluster::Request, namespace::Scope, read::State};

/// How long Consul waits for a change. A query that nobody wants any more is not cut off: Consul
/// counts its connection until the wait is over, and accepts 200 of a client.
const WAIT: Duration = Duration::from_secs(10);
/// Between answers that bring nothing: a missing key is answered after every write to any key.
const PAUSE: Duration = Duration::from_millis(50);

/// What was seen last.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) state: Arc<State>,
    /// Rises when Consul's revisions begin again.
    pub(super) epoch: u64,
    pub(super) status: WatchStatus,
    /// Why it cannot be followed any longer.
    pub(super) error: Option<Arc<Error>>,
}

/// By what they follow.
#[derive(Default)]
pub(crate) struct Followers(Mutex<HashMap<Scope, watch::Sender<Seen>>>);

impl Followers {
    fn all(&self) -> MutexGuard<'_, HashMap<Scope, watch::Sender<Seen>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows a scope from a state on, unless it is followed already.
    pub(super) fn join(
        consul: &Consul,
        op: &'static str,
        scope: &Scope,
        state: Arc<State>,
    ) -> watch::Receiver<Seen> {
        let mut all = consul.shared.followers.all();
        if let Some(follower) = all.get(scope) {
            return follower.subscribe();
        }
        let (sender, receiver) = watch::channel(Seen {
            state,
            epoch: 0,
            status: WatchStatus::Live,
            error: None,
        });
        all.insert(scope.clone(), sender.clone());
        tokio::spawn(follow(consul.clone(), op, scope.clone(), sender));
        receiver
    }

    /// Ends a follower, if nobody wants it.
    fn is_unwanted(&self, scope: &Scope, sender: &watch::Sender<Seen>) -> bool {
        let mut all = self.all();
        let unwanted = sender.receiver_count() == 0;
        if unwanted {
            all.remove(scope);
        }
        unwanted
    }

    fn remove(&self, scope: &Scope) {
        self.all().remove(scope);
    }
}

async fn follow(consul: Consul, op: &'static str, scope: Scope, sender: watch::Sender<Seen>) {
    let following = async {
        let mut seen = sender.borrow().clone();
        let mut index = seen.state.revision;
        let mut backoff = consul.shared.cluster.backoff();
        while !consul.shared.followers.is_unwanted(&scope, &sender) {
            match next(&consul, op, &scope, index, &seen).await {
                Ok((at, next)) => {
                    backoff.reset();
                    // Only if all that was removed is forgotten, or the store was restored.
                    index = if at < index { 0 } else { at };
                    // Also if it is as before: somebody may have read what was there in between.
                    let quiet = next.state.pairs == seen.state.pairs;
                    seen = next;
                    sender.send_replace(seen.clone());
                    if quiet {
                        sleep(PAUSE).await;
                    }
                }
                Err(error) if error.kind == ErrorKind::Unavailable => {
                    seen.status = WatchStatus::Resyncing(SnapshotReason::Disconnected);
                    // What was missed is in the next answer.
                    index = 0;
                    sender.send_if_modified(|last| {
                        std::mem::replace(&mut last.status, seen.status) != seen.status
                    });
                    sleep(backoff.pause()).await;
                }
                Err(error) => {
                    consul.shared.followers.remove(&scope);
                    seen.error = Some(Arc::new(error));
                    sender.send_replace(seen);
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = consul.shared.closed().cancelled() => consul.shared.followers.remove(&scope),
        () = following => {}
    }
}

/// Waits for a state after an index; 0: the present one.
async fn next(
    consul: &Consul,
    op: &'static str,
    scope: &Scope,
    index: u64,
    last: &Seen,
) -> Result<(u64, Seen), Error> {
    let path = format!(
        "{}consistent&index={index}&wait={}s",
        scope.path(),
        WAIT.as_secs()
    );
    let request = Request::read(path).waiting(WAIT);
    let answer = consul.shared.cluster.wait(op, &request).await?;
    let mut state = State::of(op, scope, &answer)?;
    let (at, mut epoch) = (state.revision, last.epoch);
    if state.revision < last.state.revision {
        // The index of a scope falls when Consul forgets what was removed from it, after 15 minutes.
        let now = consul.revision(&Call::read(op)).await?;
        match now.cmp(&last.state.revision) {
            Ordering::Less => epoch += 1,
            _ if state.pairs == last.state.pairs => state.revision = last.state.revision,
            _ => state.revision = now,
        }
    }
    let seen = Seen {
        state: Arc::new(state),
        epoch,
        status: WatchStatus::Live,
        error: None,
    };
    Ok((at, seen))
}
