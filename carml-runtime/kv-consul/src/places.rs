//! Places: the keys that hold locks and elections.
//!
//! A place is a key that only one client can create, with a session of its own. The revision that
//! created it is the fencing token. Destroying the session ends it for certain: a request for the
//! place that is still on its way can no longer be executed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use carml_kv::{
    Error, ErrorKind, Key, Lease, LeaseId, LockHandle,
    client::{Call, Queue, Validity, is_passing, misunderstood},
};
use tokio_util::sync::CancellationToken;

use crate::{Consul, PROVIDER, namespace::Scope, read::State, txn::Ops, watch::Feed};

/// Between attempts at a lock that no key holds, because of Consul's lock delay.
const DELAYED: Duration = Duration::from_millis(500);

/// A session of a place.
#[derive(Debug)]
pub(crate) struct Occupied {
    session: String,
    /// What it may hold.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    native: String,
    /// `None`: it is not known whether the key was created.
    token: Option<u64>,
}

/// A kept session for a place. Dropping it removes the place and ends the session.
struct PlaceSession {
    consul: Consul,
    id: LeaseId,
    session: String,
    validity: Arc<Validity>,
    _kept: Lease,
}

impl PlaceSession {
    fn holds(&self, native: &str, token: Option<u64>) {
        let native = native.to_owned();
        self.set(Some(Held { native, token }));
    }

    fn holds_nothing(&self) {
        self.set(None);
    }

    /// Not after a close, which gives up all places.
    fn set(&self, held: Option<Held>) {
        if let Some(occupied) = self.consul.shared.places().get_mut(&self.id.0) {
            occupied.held = held;
        }
    }
}

impl Drop for PlaceSession {
    fn drop(&mut self) {
        self.consul.leave(self.id);
    }
}

/// A held place. Dropping it gives it up.
pub(crate) struct Place {
    session: PlaceSession,
    token: u64,
}

impl Place {
    /// The fencing token.
    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    pub(crate) fn lost(&self) -> CancellationToken {
        self.session.validity.lost().clone()
    }
}

impl LockHandle for Place {
    fn valid_until(&self) -> Option<Instant> {
        Some(self.session.validity.until())
    }
}

/// What came of an attempt.
enum Attempt {
    Taken(Place),
    /// Another client was faster.
    Busy(PlaceSession),
    /// Consul's lock delay is not over.
    Delayed(PlaceSession),
}

impl Consul {
    /// Waits until a place is free, and takes it.
    pub(crate) async fn wait_for_turn(
        &self,
        queue: Queue,
        key: &Key,
        value: Bytes,
    ) -> Result<Place, Error> {
        let native = self.shared.namespace.place(queue, key);
        // Of this process, one at a time competes with others: first come, first served.
        let turn = self.shared.turn(queue, &native);
        let _turn = tokio::select! {
            () = self.shared.closed().cancelled() => {
                return Err(self.shared.cluster.closed_error(queue.op()));
            }
            turn = turn.lock() => turn,
        };
        let mut session = None;
        let mut backoff = self.shared.cluster.backoff();
        loop {
            let attempt = match self.free(queue, key, &native).await {
                Ok(()) => {
                    self.attempt(queue, key, &native, value.clone(), session.take())
                        .await
                }
                Err(e) => Err(e),
            };
            match attempt {
                Ok(Attempt::Taken(place)) => return Ok(place),
                Ok(Attempt::Busy(kept)) => session = Some(kept),
                Ok(Attempt::Delayed(kept)) => {
                    session = Some(kept);
                    tokio::time::sleep(DELAYED).await;
                }
                // Its session ended on the way.
                Err(e) if e.kind == ErrorKind::LeaseLost => {}
                Err(e) if is_passing(&e) => tokio::time::sleep(backoff.pause()).await,
                Err(e) => return Err(e),
            }
            session = session.filter(|kept| !kept.validity.lost().is_cancelled());
        }
    }

    /// Takes a free place; `None`: it is not free.
    pub(crate) async fn take(
        &self,
        queue: Queue,
        key: &Key,
        value: Bytes,
    ) -> Result<Option<Place>, Error> {
        let native = &self.shared.namespace.place(queue, key);
        let value = &value;
        let take = || async move {
            let call = Call::read(queue.op()).on(key.as_str());
            if self
                .pair(&call, native, Default::default())
                .await?
                .is_some()
            {
                return Ok(None);
            }
            let attempt = self.attempt(queue, key, native, value.clone(), None);
            match attempt.await? {
                Attempt::Taken(place) => Ok(Some(place)),
                Attempt::Busy(_) | Attempt::Delayed(_) => Ok(None),
            }
        };
        self.shared.released.retry(take).await
    }

    /// Waits until no key holds a place.
    async fn free(&self, queue: Queue, key: &Key, native: &str) -> Result<(), Error> {
        let scope = Scope::One(native.to_owned());
        let call = Call::read(queue.op()).on(key.as_str());
        let state = self.state(&call, &scope, Default::default()).await?;
        let is_free = |state: &State| state.pairs.is_empty();
        if is_free(&state) {
            return Ok(());
        }
        let mut feed = Feed::after(self, queue.op(), &scope, state);
        while let Some(state) = feed.next().await {
            if is_free(&*state?) {
                return Ok(());
            }
        }
        Err(self.shared.cluster.closed_error(queue.op()))
    }

    /// Creates a session, unless there is one, and the key: in a task of its own, so that what nobody
    /// waits for any more is given up in order. A close waits for it, and does not cut it off: it would
    /// leave a session behind.
    async fn attempt(
        &self,
        queue: Queue,
        key: &Key,
        native: &str,
        value: Bytes,
        session: Option<PlaceSession>,
    ) -> Result<Attempt, Error> {
        let (consul, key, native) = (self.clone(), key.clone(), native.to_owned());
        let attempt = self.shared.cleanups.spawn(async move {
            let call = Call::cleanup(queue.op()).on(key.as_str());
            let session = match session {
                Some(session) => session,
                None => consul.place_session(&call).await?,
            };
            if consul.shared.closed().is_cancelled() {
                return Err(consul.shared.cluster.closed_error(queue.op()));
            }
            consul.create_place(&call, &native, &value, session).await
        });
        let attempt = tokio::select! {
            biased;
            () = self.shared.closed().cancelled() => {
                return Err(self.shared.cluster.closed_error(queue.op()));
            }
            attempt = attempt => attempt,
        };
        attempt.unwrap_or_else(|e| {
            let why = "the runtime is shutting down";
            Err(Error::new(ErrorKind::Unavailable, queue.op(), why)
                .with_backend(PROVIDER)
                .with_source(e))
        })
    }

    async fn place_session(&self, call: &Call<'_>) -> Result<PlaceSession, Error> {
        let shared = &self.shared;
        let (id, validity) = self.grant(call, shared.lock_ttl, shared.lock_delay).await?;
        let session = self.session(call, id).await?;
        let occupied = Occupied {
            session: session.clone(),
            held: None,
        };
        shared.places().insert(id.0, occupied);
        let _kept = self.keep(id, &validity);
        Ok(PlaceSession {
            consul: self.clone(),
            id,
            session,
            validity,
            _kept,
        })
    }

    /// Repeating it changes nothing: only this session's key is its own.
    async fn create_place(
        &self,
        call: &Call<'_>,
        native: &str,
        value: &[u8],
        session: PlaceSession,
    ) -> Result<Attempt, Error> {
        let mut ops = Ops::default();
        ops.check_absent(native);
        ops.put(native, value, Some(&session.session));
        session.holds(native, None);
        let created = match self.send(call, &ops).await? {
            Ok(pairs) => pairs.into_iter().find(|pair| pair.key == native),
            Err(denied) if denied.iter().any(|one| one.why.contains("invalid session")) => {
                return Err(self.lease_lost(call, session.id));
            }
            Err(denied) if denied.iter().any(|one| one.why.contains("lock delay")) => {
                session.holds_nothing();
                return Ok(Attempt::Delayed(session));
            }
            // Perhaps it was created by an earlier attempt whose answer was lost.
            Err(_) => {
                let present = self.pair(call, native, Default::default()).await?;
                let own = |pair: &crate::pair::Pair| {
                    pair.session.as_deref() == Some(session.session.as_str())
                };
                match present.filter(own) {
                    None => {
                        session.holds_nothing();
                        return Ok(Attempt::Busy(session));
                    }
                    own => own,
                }
            }
        };
        let created = created.ok_or_else(|| misunderstood(PROVIDER, call.op()))?;
        session.holds(native, Some(created.created));
        Ok(Attempt::Taken(Place {
            session,
            token: created.created,
        }))
    }

    /// Gives up all places.
    pub(crate) fn leave_all(&self) {
        let all: Vec<u64> = self.shared.places().keys().copied().collect();
        all.into_iter().for_each(|id| self.leave(LeaseId(id)));
    }

    /// Removes the key of a place and ends its session, in the background and until both are certain.
    /// The order matters: Consul delays the next holder if it has to remove the key itself.
    fn leave(&self, id: LeaseId) {
        let Some(Occupied { session, held }) = self.shared.places().remove(&id.0) else {
            return;
        };
        let token = held.as_ref().and_then(|held| held.token);
        self.shared.released.begin(token);
        let consul = self.clone();
        let leave = async move {
            if let Some(held) = &held {
                consul.until_certain(|| consul.remove(held, &session)).await;
            }
            consul.shared.released.end(token);
            let call = Call::cleanup("revoke");
            consul
                .until_certain(|| consul.destroy(&call, id, &session))
                .await;
        };
        self.shared.cleanups.spawn_on(leave, &self.shared.runtime);
    }

    async fn until_certain<F: Future<Output = Result<(), Error>>>(&self, done: impl Fn() -> F) {
        let give_up = Instant::now() + self.shared.lock_ttl * 3;
        let mut backoff = self.shared.cluster.backoff();
        while let Err(e) = done().await {
            if !is_passing(&e) || Instant::now() > give_up {
                return;
            }
            tokio::time::sleep(backoff.pause()).await;
        }
    }

    /// Removes the key of a place, if it is still that of the session.
    async fn remove(&self, held: &Held, session: &str) -> Result<(), Error> {
        let call = Call::cleanup("revoke");
        let mut index = held.token;
        loop {
            if index.is_none() {
                let present = self.pair(&call, &held.native, Default::default()).await?;
                match present.filter(|pair| pair.session.as_deref() == Some(session)) {
                    Some(own) => index = Some(own.modified),
                    None => return Ok(()),
                }
            }
            let mut ops = Ops::default();
            ops.check_index(&held.native, index.take().unwrap_or_default());
            ops.delete(&held.native);
            if self.send(&call, &ops).await?.is_ok() {
                return Ok(());
            }
        }
    }
}
