//! Places in queues, which decide locks and elections.
//!
//! A place is an ephemeral node of the current session: whoever made the oldest one holds the lock.
//! Requests of a session are executed in their order, so a place is left before anything that this client
//! sends later.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Instant,
};

use bytes::Bytes;
use carml_kv::{
    Error, ErrorKind, Key, LockHandle,
    client::{Call, Failure, Outcome, Queue, Validity},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use zookeeper_client::{Client, CreateMode, Error as ZkError};

use crate::{
    Zookeeper,
    hub::{Filter, subscribe},
    nodes::children,
    session::{Session, failure},
    shared::Shared,
};

/// A place in a queue. Dropping it leaves the queue.
pub(crate) struct Place {
    shared: Arc<Shared>,
    /// Does not keep the session: its end is the end of the place.
    session: Weak<Session>,
    validity: Arc<Validity>,
    pub(crate) path: String,
    /// The fencing token: the transaction that made the node.
    pub(crate) token: u64,
    lost: CancellationToken,
    held: bool,
    _watching: Option<AbortOnDropHandle<()>>,
}

impl Place {
    pub(crate) fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }
}

impl LockHandle for Place {
    fn valid_until(&self) -> Option<Instant> {
        Some(self.validity.until())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(session) = self.session.upgrade() else {
            return;
        };
        let token = self.held.then_some(self.token);
        let (client, path, shared) = (
            session.client.clone(),
            self.path.clone(),
            self.shared.clone(),
        );
        drop(session);
        shared.released.begin(token);
        // Sent here, before anything that follows; only the answer is awaited in the background.
        let sent = client.delete(&path, None);
        let mut backoff = shared.caller.backoff();
        let leave = async move {
            let mut sent = sent.await;
            while matches!(&sent, Err(e) if is_passing(e) && !client.state().is_terminated()) {
                tokio::time::sleep(backoff.pause()).await;
                sent = client.delete(&path, None).await;
            }
            shared.released.end(token);
        };
        self.shared.cleanups.spawn_on(leave, &self.shared.runtime);
    }
}

fn is_passing(error: &ZkError) -> bool {
    failure(error.clone()).outcome == Outcome::Unknown
}

/// Who is before a place.
enum Before {
    Nobody,
    Other(String),
    /// The place itself is gone.
    Gone,
}

impl Zookeeper {
    /// Waits until a place is the first of the queue.
    pub(crate) async fn wait_for_turn(
        &self,
        queue: Queue,
        key: &Key,
        value: &Bytes,
    ) -> Result<Place, Error> {
        loop {
            let place = match self.join(queue, key, value).await {
                Err(e) if is_worth_waiting(&e) => {
                    tokio::time::sleep(self.shared.caller.backoff().pause()).await;
                    continue;
                }
                joined => joined?,
            };
            let lost = place.lost();
            let turn = tokio::select! {
                () = self.shared.caller.closed().cancelled() => {
                    return Err(self.shared.caller.closed_error(queue.op()));
                }
                () = lost.cancelled() => false,
                turn = self.turn(queue, key, &place) => turn?,
            };
            if turn && !lost.is_cancelled() {
                match self.hold(queue, place).await {
                    Err(e) if is_worth_waiting(&e) => {}
                    held => return held,
                }
            }
        }
    }

    /// Takes the first place of an empty queue; `None`: it is not empty.
    pub(crate) async fn take(
        &self,
        queue: Queue,
        key: &Key,
        value: &Bytes,
    ) -> Result<Option<Place>, Error> {
        let take = || async {
            let place = self.join(queue, key, value).await?;
            match self.before(queue, key, &place).await? {
                Before::Nobody => Ok(Some(place)),
                Before::Other(_) | Before::Gone => Ok(None),
            }
        };
        match self.shared.released.retry(take).await? {
            Some(place) => self.hold(queue, place).await.map(Some),
            None => Ok(None),
        }
    }

    /// The lock is lost with its node, which an operator may remove.
    async fn hold(&self, queue: Queue, mut place: Place) -> Result<Place, Error> {
        let news = subscribe(&self.shared, Filter::Node(place.path.clone()), queue.op()).await?;
        let (session, path, lost) = (place.session.clone(), place.path.clone(), place.lost());
        let watching = tokio::spawn(async move {
            loop {
                let Some(client) = session.upgrade().map(|session| session.client.clone()) else {
                    break;
                };
                if let Ok(None) = client.check_stat(&path).await {
                    break;
                }
                drop(client);
                news.news().await;
            }
            lost.cancel();
        });
        place.held = true;
        place._watching = Some(AbortOnDropHandle::new(watching));
        Ok(place)
    }

    /// Joins in a task of its own: if nobody waits for it any more, the place is left.
    async fn join(&self, queue: Queue, key: &Key, value: &Bytes) -> Result<Place, Error> {
        let (zookeeper, key, value) = (self.clone(), key.clone(), value.clone());
        let joined = tokio::spawn(async move { zookeeper.join_now(queue, &key, &value).await });
        joined.await.unwrap_or_else(|e| {
            let why = "the runtime is shutting down";
            Err(Error::new(ErrorKind::Unavailable, queue.op(), why)
                .with_backend(crate::PROVIDER)
                .with_source(e))
        })
    }

    async fn join_now(&self, queue: Queue, key: &Key, value: &Bytes) -> Result<Place, Error> {
        let folder = self.ensemble().namespace.queue(queue, key);
        let prefix = format!("{folder}/{:032x}-", rand::random::<u128>());
        let call = Call::read(queue.op()).on(key.as_str());
        // The session of an attempt that may have been executed.
        let sent = Mutex::new(None::<Weak<Session>>);
        let joined = self.run(&call, |session| {
            let (folder, prefix, value) = (folder.clone(), prefix.clone(), value.clone());
            let before = lock(&sent).replace(Arc::downgrade(&session));
            async move {
                let found = match before {
                    Some(_) => own(&session.client, &folder, &prefix)
                        .await
                        .map_err(failure)?,
                    None => None,
                };
                let path = match found {
                    Some(path) => path,
                    None => {
                        self.create(&session.client, &folder, &prefix, &value)
                            .await?
                    }
                };
                let stat = session.client.check_stat(&path).await.map_err(failure)?;
                let stat =
                    stat.filter(|stat| stat.ephemeral_owner == session.client.session_id().0);
                let stat = stat.ok_or_else(|| {
                    Failure::new(Outcome::Unsent, "the place in the queue is gone")
                })?;
                Ok(Place {
                    shared: self.shared.clone(),
                    validity: session.validity.clone(),
                    lost: session.validity.lost().child_token(),
                    session: Arc::downgrade(&session),
                    path,
                    token: stat.czxid.cast_unsigned(),
                    held: false,
                    _watching: None,
                })
            }
        });
        let joined = joined.await;
        if let (Err(_), Some(session)) = (&joined, lock(&sent).take()) {
            self.give_up(session, folder, prefix);
        }
        joined
    }

    /// Removes a place that nobody knows, if there is one: it would block the queue until the session
    /// ends.
    fn give_up(&self, session: Weak<Session>, folder: String, prefix: String) {
        let mut backoff = self.shared.caller.backoff();
        let leave = async move {
            while let Some(client) = session.upgrade().map(|session| session.client.clone()) {
                match remove_own(&client, &folder, &prefix).await {
                    Err(e) if is_passing(&e) && !client.state().is_terminated() => {}
                    _ => return,
                }
                drop(client);
                tokio::time::sleep(backoff.pause()).await;
            }
        };
        self.shared.cleanups.spawn_on(leave, &self.shared.runtime);
    }

    /// Makes the node of a place, and the queue's own, which the servers remove when it is empty.
    async fn create(
        &self,
        client: &Client,
        folder: &str,
        prefix: &str,
        value: &[u8],
    ) -> Result<String, Failure> {
        let ensemble = self.ensemble();
        loop {
            let create = ensemble.with_acl(|acls| {
                let mode = CreateMode::EphemeralSequential;
                client.create(prefix, value, &mode.with_acls(acls))
            });
            match create.await {
                Ok((_, sequence)) => return Ok(format!("{prefix}{sequence}")),
                Err(ZkError::NoNode) => {}
                Err(e) => return Err(failure(e)),
            }
            let create = ensemble.with_acl(|acls| {
                client.create(folder, b"", &CreateMode::Container.with_acls(acls))
            });
            match create.await {
                Ok(_) | Err(ZkError::NodeExists) => {}
                Err(ZkError::NoNode) => ensemble.prepare(client).await.map_err(failure)?,
                Err(e) => return Err(failure(e)),
            }
        }
    }

    /// Waits until a place is the first; `false`: it is gone.
    async fn turn(&self, queue: Queue, key: &Key, place: &Place) -> Result<bool, Error> {
        let mut backoff = self.shared.caller.backoff();
        loop {
            let waited = match self.before(queue, key, place).await {
                Ok(Before::Nobody) => return Ok(true),
                Ok(Before::Gone) => return Ok(false),
                Ok(Before::Other(other)) => self.changed(queue, other).await,
                Err(e) => Err(e),
            };
            match waited {
                Ok(()) => backoff.reset(),
                Err(e) if is_worth_waiting(&e) => tokio::time::sleep(backoff.pause()).await,
                Err(e) => return Err(e),
            }
        }
    }

    async fn before(&self, queue: Queue, key: &Key, place: &Place) -> Result<Before, Error> {
        let folder = self.ensemble().namespace.queue(queue, key);
        let call = Call::read(queue.op()).on(key.as_str());
        // The server of the session has executed all that was before the own place.
        let places = self.run(&call, |session| {
            let folder = folder.clone();
            async move { queue_of(&session.client, &folder).await.map_err(failure) }
        });
        let places = places.await?;
        let Some(own) = places.iter().position(|path| *path == place.path) else {
            return Ok(Before::Gone);
        };
        Ok(match own.checked_sub(1) {
            Some(before) => Before::Other(places[before].clone()),
            None => Before::Nobody,
        })
    }

    /// Waits until there is something new about a node: at least once it is gone.
    async fn changed(&self, queue: Queue, path: String) -> Result<(), Error> {
        let news = subscribe(&self.shared, Filter::Node(path.clone()), queue.op()).await?;
        // It may have gone before the subscription.
        let call = Call::read(queue.op());
        let found = self.run(&call, |session| {
            let path = path.clone();
            async move { session.client.check_stat(&path).await.map_err(failure) }
        });
        if found.await?.is_some() {
            news.news().await;
        }
        Ok(())
    }

    /// The node and the token of the first place, and what it has published.
    pub(crate) async fn first(
        &self,
        queue: Queue,
        key: &Key,
    ) -> Result<Option<(String, u64, Bytes)>, Error> {
        let folder = self.ensemble().namespace.queue(queue, key);
        let call = Call::read(queue.op()).on(key.as_str());
        self.run(&call, |session| {
            let folder = folder.clone();
            async move {
                let client = &session.client;
                client.sync(&folder).await.map_err(failure)?;
                loop {
                    let places = queue_of(client, &folder).await.map_err(failure)?;
                    let Some(first) = places.into_iter().next() else {
                        return Ok(None);
                    };
                    match client.get_data(&first).await {
                        Ok((data, stat)) => {
                            return Ok(Some((first, stat.czxid.cast_unsigned(), data.into())));
                        }
                        // It left in between.
                        Err(ZkError::NoNode) => {}
                        Err(e) => return Err(failure(e)),
                    }
                }
            }
        })
        .await
    }
}

/// The places of a queue, in their order.
async fn queue_of(client: &Client, folder: &str) -> Result<Vec<String>, ZkError> {
    let mut places = children(client, folder).await?;
    places.sort_by_key(|path| sequence(path));
    Ok(places)
}

/// The node that an earlier attempt has made. What it sent to another server is executed by now, or
/// never: the leader refuses what a session sent before it moved.
async fn own(client: &Client, folder: &str, prefix: &str) -> Result<Option<String>, ZkError> {
    client.sync(folder).await?;
    let places = children(client, folder).await?;
    Ok(places.into_iter().find(|path| path.starts_with(prefix)))
}

async fn remove_own(client: &Client, folder: &str, prefix: &str) -> Result<(), ZkError> {
    match own(client, folder, prefix).await? {
        Some(path) => client.delete(&path, None).await,
        None => Ok(()),
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number that ZooKeeper appended. Numbers of nodes that exist together rise.
fn sequence(path: &str) -> i64 {
    let number = path
        .rsplit('-')
        .next()
        .and_then(|number| number.parse().ok());
    number.unwrap_or(i64::MAX)
}

/// Waiting calls outlast it.
fn is_worth_waiting(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::Unavailable | ErrorKind::Indeterminate
    )
}
