//! Places in queues, which decide locks and elections.
//!
//! A place is a key with a lease of its own: whoever created the oldest one holds the lock. Revoking the
//! lease leaves the queue for certain: a request for the place that is still on its way can no
//! longer be executed.

use std::{sync::Arc, time::Instant};

use carml_kv::{
    Error, ErrorKind, Key, Lease, LeaseId, LockHandle,
    client::{Call, Queue, Validity, is_passing},
};
use etcd_client::{
    Compare, CompareOp, GetOptions, PutOptions, SortOrder, SortTarget, Txn, TxnOp,
    proto::PbKeyValue,
};
use tokio::sync::oneshot;

use crate::{
    Etcd, PROVIDER,
    scan::{Range, Scope},
    txn::first_read,
    watch::{Follower, RawEvent, Step},
};

/// A kept lease for a place. Dropping it leaves the queue.
struct PlaceLease {
    etcd: Etcd,
    id: LeaseId,
    /// The create revision of the place, once there is one: the fencing token.
    token: Option<u64>,
    validity: Arc<Validity>,
    _kept: Lease,
}

impl Drop for PlaceLease {
    fn drop(&mut self) {
        self.etcd.leave(self.id, self.token);
    }
}

/// A place in a queue. Dropping it leaves the queue.
pub(crate) struct Place {
    lease: PlaceLease,
    native: Vec<u8>,
    created: i64,
}

impl Place {
    fn new(mut lease: PlaceLease, native: Vec<u8>, created: i64) -> Place {
        lease.token = Some(created.cast_unsigned());
        Place {
            lease,
            native,
            created,
        }
    }

    /// The fencing token.
    pub(crate) fn token(&self) -> u64 {
        self.created.cast_unsigned()
    }

    pub(crate) fn lost(&self) -> tokio_util::sync::CancellationToken {
        self.lease.validity.lost().clone()
    }
}

impl LockHandle for Place {
    fn valid_until(&self) -> Option<Instant> {
        Some(self.lease.validity.until())
    }
}

/// Who is before a place.
enum Before {
    Nobody,
    /// This key, as of this revision.
    Other(Vec<u8>, i64),
    /// The place itself is gone.
    Gone,
}

impl Etcd {
    /// Waits until a place is the first of the queue.
    pub(crate) async fn wait_for_turn(
        &self,
        queue: Queue,
        key: &Key,
        value: &[u8],
    ) -> Result<Place, Error> {
        loop {
            let joined = self.join(queue, key, value).await;
            let place = match joined {
                // Its lease ended on the way.
                Err(e) if e.kind == ErrorKind::LeaseLost => continue,
                Err(e) if is_passing(&e) => {
                    tokio::time::sleep(self.shared.cluster.backoff().pause()).await;
                    continue;
                }
                joined => joined?,
            };
            let lost = place.lost();
            let turn = tokio::select! {
                () = self.shared.closed().cancelled() => return Err(self.shared.cluster.closed_error(queue.op())),
                () = lost.cancelled() => false,
                turn = self.turn(queue, key, &place) => turn?,
            };
            if turn && !lost.is_cancelled() {
                return Ok(place);
            }
        }
    }

    /// Takes the first place of an empty queue; `None`: it is not empty.
    pub(crate) async fn take(
        &self,
        queue: Queue,
        key: &Key,
        value: &[u8],
    ) -> Result<Option<Place>, Error> {
        let take = || self.take_now(queue, key, value);
        self.shared.released.retry(take).await
    }

    async fn take_now(
        &self,
        queue: Queue,
        key: &Key,
        value: &[u8],
    ) -> Result<Option<Place>, Error> {
        let lease = self.place_lease(queue).await?;
        let range = self.shared.namespace.queue(queue, key);
        let native = own(&range, lease.id);
        let empty = Compare::create_revision(range.key, CompareOp::Equal, 0).with_range(range.end);
        let call = Call::read(queue.op()).on(key.as_str());
        let created = self.create(&call, &native, lease.id, value, empty).await?;
        Ok(created.map(|created| Place::new(lease, native, created)))
    }

    async fn join(&self, queue: Queue, key: &Key, value: &[u8]) -> Result<Place, Error> {
        let lease = self.place_lease(queue).await?;
        let native = own(&self.shared.namespace.queue(queue, key), lease.id);
        let absent = Compare::create_revision(native.clone(), CompareOp::Equal, 0);
        let call = Call::read(queue.op()).on(key.as_str());
        let created = self.create(&call, &native, lease.id, value, absent).await?;
        match created {
            Some(created) => Ok(Place::new(lease, native, created)),
            None => Err(
                Error::new(ErrorKind::LeaseLost, queue.op(), "the place is gone")
                    .with_backend(PROVIDER),
            ),
        }
    }

    /// Creates the key of a place, and returns its create revision. Repeating it changes nothing: the
    /// key is this place's alone.
    async fn create(
        &self,
        call: &Call<'_>,
        native: &[u8],
        lease: LeaseId,
        value: &[u8],
        condition: Compare,
    ) -> Result<Option<i64>, Error> {
        let options = PutOptions::new().with_lease(lease.0.cast_signed());
        let put = TxnOp::put(native, value, Some(options));
        let own = TxnOp::get(native, Some(GetOptions::new().with_keys_only()));
        let txn = Txn::new().when([condition]).and_then([put]).or_else([own]);
        let created = self.shared.cluster.call(call, |client| {
            let txn = txn.clone();
            async move { client.kv_client().txn(txn).await }
        });
        let created = created.await?.0;
        if created.succeeded {
            return Ok(created.header.map(|header| header.revision));
        }
        Ok(first_read(created).map(|kv| kv.create_revision))
    }

    /// Grants in a task of its own: if nobody waits for it any more, its lease is revoked. A close waits
    /// for the task, so that it leaves no lease behind.
    async fn place_lease(&self, queue: Queue) -> Result<PlaceLease, Error> {
        let etcd = self.clone();
        let (sender, granted) = oneshot::channel();
        let grant = async move {
            // Dropping what could not be sent revokes the lease.
            let _ = sender.send(etcd.grant_place(queue).await);
        };
        self.shared.cleanups.spawn_on(grant, &self.shared.runtime);
        granted.await.unwrap_or_else(|e| {
            let why = "the runtime is shutting down";
            Err(Error::new(ErrorKind::Unavailable, queue.op(), why)
                .with_backend(PROVIDER)
                .with_source(e))
        })
    }

    async fn grant_place(&self, queue: Queue) -> Result<PlaceLease, Error> {
        let closed = || self.shared.cluster.closed_error(queue.op());
        if self.shared.closed().is_cancelled() {
            return Err(closed());
        }
        // Not ended by a close: the server might grant a lease that nobody knows.
        let call = Call::cleanup(queue.op());
        let (id, validity) = self.grant(&call, self.shared.lock_ttl).await?;
        self.shared.places().insert(id.0);
        let place = PlaceLease {
            etcd: self.clone(),
            id,
            token: None,
            _kept: self.keep(id, &validity),
            validity,
        };
        match self.shared.closed().is_cancelled() {
            true => Err(closed()),
            false => Ok(place),
        }
    }

    /// Waits until a place is the first; `false`: it is gone.
    async fn turn(&self, queue: Queue, key: &Key, place: &Place) -> Result<bool, Error> {
        let mut backoff = self.shared.cluster.backoff();
        loop {
            match self.before(queue, key, place).await {
                Ok(Before::Nobody) => return Ok(true),
                Ok(Before::Gone) => return Ok(false),
                Ok(Before::Other(other, revision)) => {
                    backoff.reset();
                    self.gone(queue, other, revision).await?;
                }
                Err(e) if is_passing(&e) => tokio::time::sleep(backoff.pause()).await,
                Err(e) => return Err(e),
            }
        }
    }

    async fn before(&self, queue: Queue, key: &Key, place: &Place) -> Result<Before, Error> {
        let there = Compare::create_revision(place.native.clone(), CompareOp::Equal, place.created);
        let options = GetOptions::new()
            .with_max_create_revision(place.created - 1)
            .with_sort(SortTarget::Create, SortOrder::Descend)
            .with_limit(1)
            .with_keys_only();
        let (start, options) = self.shared.namespace.queue(queue, key).get(options);
        let txn = Txn::new()
            .when([there])
            .and_then([TxnOp::get(start, Some(options))]);
        let call = Call::read(queue.op()).on(key.as_str());
        let read = self.shared.cluster.call(&call, |client| {
            let txn = txn.clone();
            async move { client.kv_client().txn(txn).await }
        });
        let read = read.await?.0;
        if !read.succeeded {
            return Ok(Before::Gone);
        }
        let revision = read.header.as_ref().map_or(0, |header| header.revision);
        Ok(match first_read(read) {
            Some(kv) => Before::Other(kv.key, revision),
            None => Before::Nobody,
        })
    }

    /// Waits until a key that was there at a revision is deleted.
    async fn gone(&self, queue: Queue, native: Vec<u8>, revision: i64) -> Result<(), Error> {
        let scope = Scope::of(Range::key(native));
        let mut follower = Follower::after(self, queue.op(), scope, revision);
        loop {
            match follower.next().await? {
                Step::Snapshot { kvs, .. } if kvs.is_empty() => return Ok(()),
                Step::Events { events, .. } if events.iter().any(RawEvent::is_delete) => {
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    /// The place with a token.
    pub(crate) async fn place_of(
        &self,
        queue: Queue,
        key: &Key,
        token: i64,
    ) -> Result<Option<PbKeyValue>, Error> {
        let options = GetOptions::new()
            .with_min_create_revision(token)
            .with_max_create_revision(token)
            .with_keys_only();
        let (start, options) = self.shared.namespace.queue(queue, key).get(options);
        let call = Call::read(queue.op()).on(key.as_str());
        let read = self.shared.cluster.call(&call, |client| {
            let (start, options) = (start.clone(), options.clone());
            async move { client.kv_client().get(start, Some(options)).await }
        });
        Ok(read.await?.0.kvs.pop())
    }

    /// Leaves the queues of all places.
    pub(crate) fn leave_all(&self) {
        let all: Vec<u64> = self.shared.places().iter().copied().collect();
        all.into_iter().for_each(|id| self.leave(LeaseId(id), None));
    }

    /// Revokes the lease of a place, in the background and until it has certainly ended.
    fn leave(&self, id: LeaseId, token: Option<u64>) {
        if !self.shared.places().remove(&id.0) {
            return;
        }
        self.shared.released.begin(token);
        let etcd = self.clone();
        let leave = async move {
            let give_up = Instant::now() + etcd.shared.lock_ttl * 3;
            let mut backoff = etcd.shared.cluster.backoff();
            while let Err(e) = etcd.end_lease(&Call::cleanup("revoke"), id).await {
                if !is_passing(&e) || Instant::now() > give_up {
                    break;
                }
                tokio::time::sleep(backoff.pause()).await;
            }
            etcd.shared.released.end(token);
        };
        self.shared.cleanups.spawn_on(leave, &self.shared.runtime);
    }
}

/// The key of the place that a lease belongs to.
fn own(queue: &Range, lease: LeaseId) -> Vec<u8> {
    let mut native = queue.key.clone();
    native.extend(format!("{:016x}", lease.0).into_bytes());
    native
}
