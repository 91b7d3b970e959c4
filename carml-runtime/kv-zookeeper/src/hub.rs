//! Notices of changes, for everybody who waits for one.
//!
//! One watch on the whole bucket serves all: the servers cannot remove one watch of several on a node.
//! It tells which nodes changed, and not how, so whoever waits reads them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use carml_kv::{
    Error, ErrorKind, SnapshotReason,
    client::{Backoff, Failure, Outcome, Server as _},
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout_at},
};
use zookeeper_client::{AddWatchMode, EventType, PersistentWatcher, SessionId, SessionState};

use crate::{PROVIDER, namespace::absolute, session::failure, shared::Shared};

/// What happened since it was last asked.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The nodes that changed.
    pub(crate) paths: BTreeSet<String>,
    /// Changes may have been missed.
    pub(crate) missed: Option<SnapshotReason>,
    /// There is no connection.
    pub(crate) down: bool,
}

impl News {
    fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.missed.is_none() && !self.down
    }
}

/// The nodes that somebody waits for.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    Node(String),
    /// What is below a node, with its `/`.
    Below(String),
}

impl Filter {
    fn contains(&self, path: &str) -> bool {
        match self {
            Filter::Node(node) => path == node,
            Filter::Below(prefix) => path.starts_with(prefix),
        }
    }
}

#[derive(Debug)]
struct Mailbox {
    filter: Filter,
    news: Mutex<News>,
    arrived: Notify,
}

impl Mailbox {
    fn tell(&self, change: impl FnOnce(&mut News)) {
        change(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner));
        self.arrived.notify_one();
    }
}

/// What a watch of the bucket is.
#[derive(Clone, Debug)]
enum State {
    Down,
    Live,
    Refused(ErrorKind, String),
}

/// Who waits, and for what.
#[derive(Debug)]
pub(crate) struct Hub {
    boxes: Mutex<HashMap<u64, Arc<Mailbox>>>,
    state: watch::Sender<State>,
    started: Mutex<bool>,
}

impl Default for Hub {
    fn default() -> Hub {
        Hub {
            boxes: Mutex::default(),
            state: watch::Sender::new(State::Down),
            started: Mutex::default(),
        }
    }
}

/// Gets the news of some nodes until it is dropped.
pub(crate) struct Subscription {
    shared: Weak<Shared>,
    id: u64,
    mailbox: Arc<Mailbox>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.hub.boxes().remove(&self.id);
        }
    }
}

impl Subscription {
    /// Waits for news.
    pub(crate) async fn news(&self) -> News {
        loop {
            let news = self.take();
            if !news.is_empty() {
                return news;
            }
            self.mailbox.arrived.notified().await;
        }
    }

    /// The news that have arrived.
    pub(crate) fn take(&self) -> News {
        let mut news = self
            .mailbox
            .news
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut news)
    }

    /// For a reader that has not read all of it.
    pub(crate) fn put_back(&self, old: News) {
        if old.is_empty() {
            return;
        }
        self.mailbox.tell(|news| {
            news.paths.extend(old.paths);
            news.missed = news.missed.or(old.missed);
            // A later connection has its own entry.
            news.down |= old.down && news.missed.is_none();
        });
    }

    /// For a reader that could not read what changed.
    pub(crate) fn missed(&self, reason: SnapshotReason) {
        self.mailbox.tell(|news| news.missed = Some(reason));
    }
}

impl Hub {
    fn boxes(&self) -> MutexGuard<'_, HashMap<u64, Arc<Mailbox>>> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_all(&self, change: impl Fn(&mut News)) {
        self.boxes()
            .values()
            .for_each(|mailbox| mailbox.tell(&change));
    }

    fn tell_of(&self, path: &str) {
        let boxes = self.boxes();
        for mailbox in boxes.values().filter(|one| one.filter.contains(path)) {
            mailbox.tell(|news| {
                news.paths.insert(path.to_owned());
            });
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
    let mailbox = Arc::new(Mailbox {
        filter,
        news: Mutex::default(),
        arrived: Notify::new(),
    });
    let id = rand::random();
    hub.boxes().insert(id, mailbox.clone());
    let subscription = Subscription {
        shared: Arc::downgrade(shared),
        id,
        mailbox,
    };
    if !std::mem::replace(
        &mut *hub.started.lock().unwrap_or_else(PoisonError::into_inner),
        true,
    ) {
        let (closed, weak) = (shared.caller.closed().clone(), Arc::downgrade(shared));
        tokio::spawn(async move { closed.run_until_cancelled(follow(weak)).await });
    }
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
    let (mut backoff, mut last) = (Backoff::new(1), None);
    loop {
        let Some(strong) = shared.upgrade() else {
            return;
        };
        let watched = watch_bucket(&strong).await;
        let hub = &strong.hub;
        let (id, mut watcher) = match watched {
            Ok(watched) => watched,
            Err(failure) => {
                hub.state.send_replace(match failure.outcome {
                    Outcome::Refused(kind) => State::Refused(kind, failure.message),
                    _ => State::Down,
                });
                drop(strong);
                tokio::time::sleep(backoff.pause()).await;
                continue;
            }
        };
        backoff.reset();
        // The servers do not tell what happened in the meantime.
        let reason = last.as_ref().map(|(before, _)| match *before == id {
            true => SnapshotReason::Disconnected,
            false => SnapshotReason::SessionExpired,
        });
        if reason.is_some() {
            hub.tell_all(|news| (news.down, news.missed) = (false, reason));
        }
        hub.state.send_replace(State::Live);
        drop(strong);
        // Holds nothing that keeps the session or the client.
        loop {
            let event = watcher.changed().await;
            let Some(strong) = shared.upgrade() else {
                return;
            };
            match (event.event_type, event.session_state) {
                // After a reconnect, the servers notify only of watches that are made again.
                (EventType::Session, SessionState::SyncConnected) => break,
                (EventType::Session, state) => {
                    strong.hub.tell_all(|news| news.down = true);
                    if state.is_terminated() {
                        strong.hub.state.send_replace(State::Down);
                        break;
                    }
                }
                _ => strong.hub.tell_of(&event.path),
            }
        }
        // Kept until there is another one: the library would tell the servers to forget both.
        last = Some((id, watcher));
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
