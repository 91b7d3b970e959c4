//! Locks, elections, leases, close.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use carml_kv::{
    Error, ErrorKind, Guard, Key, Leader, LeaderStream, Leadership, Lease, LeaseId,
    client::{Call, Queue},
    contract::{Answer, Close, Election, Leases, Lock, check_value},
};

use crate::{
    Consul, PROVIDER, leases::MAX_TTL, namespace::Scope, places::Place, read::State, txn::Ops,
    watch::Feed,
};

fn refuse(kind: ErrorKind, op: &'static str, why: &str) -> Error {
    Error::new(kind, op, why).with_backend(PROVIDER)
}

fn guard(key: Key, place: Place) -> Guard {
    Guard::new(key, place.token(), place.lost(), Box::new(place))
}

impl Lock for Consul {
    fn acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            let place = self.wait_for_turn(Queue::Lock, &key, Bytes::new()).await?;
            Ok(guard(key, place))
        })
    }

    fn try_acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            match self.take(Queue::Lock, &key, Bytes::new()).await? {
                Some(place) => Ok(guard(key, place)),
                None => {
                    let why = "the lock is held by another holder";
                    Err(refuse(ErrorKind::Busy, "lock", why).with_key(key.as_str()))
                }
            }
        })
    }
}

impl Election for Consul {
    fn campaign(&self, key: Key, value: Bytes) -> Answer<'_, Leadership> {
        Box::pin(async move {
            check_value(PROVIDER, "election", &key, &value)?;
            let place = self.wait_for_turn(Queue::Election, &key, value).await?;
            Ok(Leadership::new(guard(key, place), Arc::new(self.clone())))
        })
    }

    fn proclaim<'a>(&'a self, key: &'a Key, token: u64, value: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            check_value(PROVIDER, "election", key, &value)?;
            let native = self.shared.namespace.place(Queue::Election, key);
            let read = Call::read("election").on(key.as_str());
            let write = Call::write("election").on(key.as_str());
            loop {
                let pair = self.pair(&read, &native, Default::default()).await?;
                let leading = pair.filter(|pair| pair.created == token);
                let Some((index, Some(session))) = leading.map(|p| (p.modified, p.session)) else {
                    let why = "this token does not lead";
                    return Err(refuse(ErrorKind::LockLost, "election", why).with_key(key.as_str()));
                };
                let mut ops = Ops::default();
                ops.check_index(&native, index);
                ops.put(&native, &value, Some(&session));
                // Refused: it has changed since it was read.
                if self.send(&write, &ops).await?.is_ok() {
                    return Ok(());
                }
            }
        })
    }

    fn observe(&self, key: Key) -> Answer<'_, LeaderStream> {
        Box::pin(async move {
            let scope = Scope::One(self.shared.namespace.place(Queue::Election, &key));
            let call = Call::read("election").on(key.as_str());
            let state = self.state(&call, &scope, Default::default()).await?;
            let feed = Feed::after(self, "election", &scope, state.clone());
            let observer = (feed, Some(state), None);
            let leaders = futures_util::stream::unfold(observer, |mut observer| async move {
                let (feed, first, last) = &mut observer;
                loop {
                    let state = match first.take() {
                        Some(first) => Ok(first),
                        None => feed.next().await?,
                    };
                    let leader = state.map(|state| leader(&state));
                    if leader.as_ref().ok() != last.as_ref() {
                        *last = leader.as_ref().ok().cloned();
                        return Some((leader, observer));
                    }
                }
            });
            Ok(Box::pin(leaders) as LeaderStream)
        })
    }
}

fn leader(state: &State) -> Option<Leader> {
    let held = state.first()?;
    Some(Leader {
        token: held.created,
        value: held.value.clone(),
    })
}

impl Leases for Consul {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        Box::pin(async move {
            if ttl.is_zero() || ttl > MAX_TTL {
                let why = "the ttl must be above zero and at most 24 hours";
                return Err(refuse(ErrorKind::InvalidArgument, "lease", why));
            }
            // Its keys may be written again as soon as it has ended.
            let call = Call::write("lease");
            let (id, validity) = self.grant(&call, ttl, Duration::ZERO).await?;
            Ok(self.keep(id, &validity))
        })
    }

    fn keep_alive(&self, id: LeaseId) -> Answer<'_, Duration> {
        Box::pin(self.renew(id))
    }

    fn revoke(&self, id: LeaseId) -> Answer<'_, ()> {
        Box::pin(self.end_lease(id))
    }
}

impl Close for Consul {
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let shared = &self.shared;
            shared.closed().cancel();
            shared.leases.close();
            self.leave_all();
            shared.cleanups.close();
            // What cannot be ended now is ended later, or with its ttl.
            let left = tokio::time::timeout(shared.cluster.timeout(), shared.cleanups.wait());
            let _ = left.await;
            shared.cluster.disconnect();
            Ok(())
        })
    }
}
