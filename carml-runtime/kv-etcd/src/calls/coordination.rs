//! Locks, elections, leases, close.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use carml_kv::{
    Error, ErrorKind, Guard, Key, Leader, LeaderStream, Leadership, Lease, LeaseId,
    client::{Call, Queue, copy},
    contract::{Answer, Close, Election, Leases, Lock, check_value},
};
use etcd_client::{Compare, CompareOp, PutOptions, Txn, TxnOp, proto::PbKeyValue};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    Etcd, PROVIDER,
    places::Place,
    scan::Scope,
    txn::native_lease,
    watch::{Follower, Step},
};

const MAX_TTL: Duration = Duration::from_secs(10 * 365 * 86_400);

fn refuse(kind: ErrorKind, op: &'static str, why: &str) -> Error {
    Error::new(kind, op, why).with_backend(PROVIDER)
}

fn guard(key: Key, place: Place) -> Guard {
    Guard::new(key, place.token(), place.lost(), Box::new(place))
}

impl Lock for Etcd {
    fn acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            let place = self.wait_for_turn(Queue::Lock, &key, b"").await?;
            Ok(guard(key, place))
        })
    }

    fn try_acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            match self.take(Queue::Lock, &key, b"").await? {
                Some(place) => Ok(guard(key, place)),
                None => {
                    let why = "the lock is held by another holder";
                    Err(refuse(ErrorKind::Busy, "lock", why).with_key(key.as_str()))
                }
            }
        })
    }
}

impl Election for Etcd {
    fn campaign(&self, key: Key, value: Bytes) -> Answer<'_, Leadership> {
        Box::pin(async move {
            check_value(PROVIDER, "election", &key, &value)?;
            // Observers read the value of the first place: it is published when this one is it.
            let place = self.wait_for_turn(Queue::Election, &key, &value).await?;
            Ok(Leadership::new(guard(key, place), Arc::new(self.clone())))
        })
    }

    fn proclaim<'a>(&'a self, key: &'a Key, token: u64, value: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            check_value(PROVIDER, "election", key, &value)?;
            let lost = || {
                let why = "this token does not lead";
                refuse(ErrorKind::LockLost, "election", why).with_key(key.as_str())
            };
            let token = i64::try_from(token).map_err(|_| lost())?;
            let place = self.place_of(Queue::Election, key, token).await?;
            let native = place.ok_or_else(lost)?.key;
            let held = Compare::create_revision(native.clone(), CompareOp::Equal, token);
            let options = PutOptions::new().with_ignore_lease();
            let txn = Txn::new()
                .when([held])
                .and_then([TxnOp::put(native, value, Some(options))]);
            let call = Call::write("election").on(key.as_str());
            let put = self.shared.cluster.call(&call, |client| {
                let txn = txn.clone();
                async move { client.kv_client().txn(txn).await }
            });
            put.await?.succeeded().then_some(()).ok_or_else(lost)
        })
    }

    fn observe(&self, key: Key) -> Answer<'_, LeaderStream> {
        Box::pin(async move {
            let scope = Scope::of(self.shared.namespace.queue(Queue::Election, &key));
            let call = Call::read("election").on(key.as_str());
            let (kvs, revision) = self.scan(&call, &scope, None, false).await?;
            let candidates = Candidates::new(kvs);
            let (sender, mut leader) = watch::channel(Ok(candidates.leader()));
            let follower = Follower::after(self, "election", scope, revision);
            let following = tokio::spawn(follow(self.clone(), follower, candidates, sender));
            leader.mark_changed();
            let state = (leader, AbortOnDropHandle::new(following));
            let leaders = futures_util::stream::unfold(state, |mut state| async move {
                state.0.changed().await.ok()?;
                let current = state.0.borrow_and_update().clone();
                Some((current.map_err(|error| copy(&error)), state))
            });
            Ok(Box::pin(leaders) as LeaderStream)
        })
    }
}

/// Yields every new leader, until the store is closed or the election cannot be followed.
async fn follow(
    etcd: Etcd,
    mut follower: Follower,
    mut candidates: Candidates,
    sender: watch::Sender<Result<Option<Leader>, Arc<Error>>>,
) {
    loop {
        let step = tokio::select! {
            () = etcd.shared.closed().cancelled() => return,
            step = follower.next() => step,
        };
        match step {
            Ok(Step::Snapshot { kvs, .. }) => candidates = Candidates::new(kvs),
            Ok(Step::Events { events, .. }) => {
                for event in events {
                    candidates.change(event.is_delete(), event.into_kv());
                }
            }
            Ok(Step::Status(_) | Step::Progress(_)) => continue,
            Err(error) => {
                let _ = sender.send_replace(Err(Arc::new(error)));
                return;
            }
        }
        let leader = candidates.leader();
        sender.send_if_modified(|last| match last {
            Ok(last) if *last == leader => false,
            last => {
                *last = Ok(leader);
                true
            }
        });
    }
}

/// The places of an election.
struct Candidates(BTreeMap<Vec<u8>, PbKeyValue>);

impl Candidates {
    fn new(kvs: Vec<PbKeyValue>) -> Candidates {
        Candidates(kvs.into_iter().map(|kv| (kv.key.clone(), kv)).collect())
    }

    fn change(&mut self, gone: bool, kv: PbKeyValue) {
        match gone {
            true => self.0.remove(&kv.key),
            false => self.0.insert(kv.key.clone(), kv),
        };
    }

    fn leader(&self) -> Option<Leader> {
        let first = self.0.values().min_by_key(|kv| kv.create_revision)?;
        Some(Leader {
            token: first.create_revision.cast_unsigned(),
            value: first.value.clone().into(),
        })
    }
}

impl Leases for Etcd {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        Box::pin(async move {
            if ttl.is_zero() || ttl > MAX_TTL {
                let why = "the ttl must be above zero and at most 10 years";
                return Err(refuse(ErrorKind::InvalidArgument, "lease", why));
            }
            let (id, validity) = self.grant(&Call::write("lease"), ttl).await?;
            Ok(self.keep(id, &validity))
        })
    }

    fn keep_alive(&self, id: LeaseId) -> Answer<'_, Duration> {
        Box::pin(self.renew(id))
    }

    fn revoke(&self, id: LeaseId) -> Answer<'_, ()> {
        Box::pin(async move {
            native_lease("revoke", id)?;
            self.end_lease(&Call::write("revoke"), id).await
        })
    }
}

impl Close for Etcd {
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let shared = &self.shared;
            shared.closed().cancel();
            shared.leases.close();
            self.leave_all();
            shared.cleanups.close();
            // What cannot be revoked now is revoked later, or ends with its ttl.
            let left = tokio::time::timeout(shared.cluster.timeout(), shared.cleanups.wait());
            let _ = left.await;
            shared.cluster.disconnect();
            Ok(())
        })
    }
}
