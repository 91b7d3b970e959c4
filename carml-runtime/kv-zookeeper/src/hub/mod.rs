//! Notices of changes, for everybody who waits for one.
//!
//! One watch on the whole bucket serves all: the servers cannot remove one watch of several on a node.
//! It tells which nodes changed, and not how, so whoever waits reads them.
//!
//! # Notices and answers
//!
//! On one connection, a server sends the notice of a change before any answer that shows the change,
//! and notices in the order of the changes. The client library receives both in one task, but puts
//! notices into the channel of the watch and each answer into one of its own. So when an answer can be
//! read, all notices that were sent before it are in the channel of the watch. Nothing says that the
//! hub's task has run since. Therefore a reader that compares what it has read with the news does not
//! rely on that task: [`Hub::catch_up`] passes on, in the reader's task, all that is in the channel.
//! It also finds out whether the watch belongs to the session of the answer, and is not over.

mod link;
mod news;

use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll},
};

use carml_kv::{
    Error, ErrorKind, SnapshotReason,
    client::{Backoff, Failure, Outcome, Server as _},
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use tokio_util::task::AbortOnDropHandle;
use zookeeper_client::{AddWatchMode, PersistentWatcher, SessionId};

pub(crate) use self::news::{Filter, News, Subscription};
use self::{
    link::{Link, Notice},
    news::Mailbox,
};
use crate::{PROVIDER, namespace::absolute, session::failure, shared::Shared};

/// What a watch of the bucket is.
#[derive(Clone, Debug)]
enum State {
    Down,
    Live,
    Refused(ErrorKind, String),
}

/// Who waits, and for what.
pub(crate) struct Hub {
    boxes: Mutex<HashMap<u64, Arc<Mailbox>>>,
    /// The last watch that was made, which may be over.
    link: Mutex<Option<Link>>,
    state: watch::Sender<State>,
    /// Makes the watch again when it is over.
    task: Mutex<Option<AbortOnDropHandle<()>>>,
}

impl Default for Hub {
    fn default() -> Hub {
        Hub {
            boxes: Mutex::default(),
            link: Mutex::default(),
            state: watch::Sender::new(State::Down),
            task: Mutex::default(),
        }
    }
}

impl Hub {
    fn boxes(&self) -> MutexGuard<'_, HashMap<u64, Arc<Mailbox>>> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn link(&self) -> MutexGuard<'_, Option<Link>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass_on(&self, notice: Notice) {
        let boxes = self.boxes();
        match notice {
            Notice::Changed(path) => boxes.values().for_each(|one| one.changed(&path)),
            Notice::Disconnected => boxes.values().for_each(|one| one.disconnected()),
            Notice::Over => {
                boxes.values().for_each(|one| one.disconnected());
                self.state.send_replace(State::Down);
            }
        }
    }

    /// The servers tell of changes again, and not of those in the meantime.
    fn connect(&self, new: Link) {
        let mut link = self.link();
        let reason = link
            .as_ref()
            .map(|before| match before.session == new.session {
                true => SnapshotReason::Disconnected,
                false => SnapshotReason::SessionExpired,
            });
        if let Some(reason) = reason {
            self.boxes().values().for_each(|one| one.missed(reason));
        }
        let old = link.replace(new);
        self.state.send_replace(State::Live);
        drop(link);
        // Only now: without another watch, the library would tell the servers to forget both.
        drop(old);
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.link() {
            Some(link) => link.poll(cx, |notice| self.pass_on(notice)),
            None => Poll::Ready(()),
        }
    }

    /// Passes on all notices that were sent before an answer in this session that has been received.
    ///
    /// # Errors
    ///
    /// There is no watch in this session.
    pub(crate) fn catch_up(&self, session: SessionId) -> Result<(), Failure> {
        let mut link = self.link();
        let link = link.as_mut().filter(|link| link.session == session);
        let over = link.is_none_or(|link| link.drain(|notice| self.pass_on(notice)).is_ready());
        match over {
            false => Ok(()),
            true => {
                let why = "the watch of the bucket is being made again";
                Err(Failure::new(Outcome::Unsent, why))
            }
        }
    }
}

/// Subscribes, and waits until the servers tell of changes.
pub(crate) async fn subscribe(
    shared: &Arc<Shared>,
    filter: Filter,
    op: &'static str,
) -> Result<Subscription, Error> {
    let hub = &shared.hub;
    let mailbox = Arc::new(Mailbox::new(filter));
    let id = rand::random();
    hub.boxes().insert(id, mailbox.clone());
    let subscription = Subscription {
        shared: Arc::downgrade(shared),
        id,
        mailbox,
    };
    hub.task
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(|| {
            let (closed, weak) = (shared.caller.closed().clone(), Arc::downgrade(shared));
            AbortOnDropHandle::new(tokio::spawn(async move {
                closed.run_until_cancelled(follow(weak)).await;
            }))
        });
    let mut state = hub.state.subscribe();
    let deadline = Instant::now() + shared.caller.timeout();
    let live = state.wait_for(|state| !matches!(state, State::Down));
    let live = tokio::select! {
        () = shared.caller.closed().cancelled() => return Err(shared.caller.closed_error(op)),
        live = timeout_at(deadline, live) => live,
    };
    let refuse = |kind, why: &str| Err(Error::new(kind, op, why).with_backend(PROVIDER));
    let live = live.ok().and_then(Result::ok).map(|state| state.clone());
    match live {
        Some(State::Refused(kind, why)) => refuse(kind, &why),
        Some(_) => Ok(subscription),
        _ => {
            let why = format!("no connection ({})", shared.ensemble().name());
            refuse(ErrorKind::Unavailable, &why)
        }
    }
}

/// Watches the bucket on one connection after another, as long as anybody uses the client.
async fn follow(shared: Weak<Shared>) {
    let mut backoff = Backoff::new(1);
    loop {
        let Some(strong) = shared.upgrade() else {
            return;
        };
        match watch_bucket(&strong).await {
            Ok((session, watcher)) => strong.hub.connect(Link::new(session, watcher)),
            Err(failure) => {
                strong.hub.state.send_replace(match failure.outcome {
                    Outcome::Refused(kind) => State::Refused(kind, failure.message),
                    _ => State::Down,
                });
                drop(strong);
                tokio::time::sleep(backoff.pause()).await;
                continue;
            }
        }
        backoff.reset();
        drop(strong);
        // Holds nothing that keeps the session or the client.
        poll_fn(|cx| match shared.upgrade() {
            Some(shared) => shared.hub.poll(cx),
            None => Poll::Ready(()),
        })
        .await;
    }
}

async fn watch_bucket(shared: &Shared) -> Result<(SessionId, PersistentWatcher), Failure> {
    let deadline = Instant::now() + shared.caller.timeout();
    let ensemble = shared.ensemble();
    let session = ensemble.session(deadline).await?;
    let root = absolute(ensemble.namespace.root());
    let watch = session
        .client
        .watch(root, AddWatchMode::PersistentRecursive);
    match timeout_at(deadline, watch).await {
        Ok(Ok(watcher)) => Ok((session.client.session_id(), watcher)),
        Ok(Err(e)) => Err(failure(e)),
        Err(_) => Err(Failure::silent(shared.caller.timeout())),
    }
}
