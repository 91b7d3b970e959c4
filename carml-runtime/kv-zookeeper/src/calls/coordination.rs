//! Locks, elections, leases, close.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use carml_kv::{
    Error, ErrorKind, Guard, Key, Leader, LeaderStream, Leadership, Lease, LeaseId, SnapshotReason,
    client::{Call, Queue},
    contract::{Answer, Close, Election, Leases, Lock},
};
use zookeeper_client::Error as ZkError;

use crate::{
    PROVIDER, Zookeeper,
    hub::{Filter, Subscription, subscribe},
    places::Place,
    session::failure,
    txn::check_put,
};

fn refuse(kind: ErrorKind, op: &'static str, why: &str) -> Error {
    Error::new(kind, op, why).with_backend(PROVIDER)
}

fn guard(key: Key, place: Place) -> Guard {
    Guard::new(key, place.token, place.lost(), Box::new(place))
}

impl Lock for Zookeeper {
    fn acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            let place = self.wait_for_turn(Queue::Lock, &key, &Bytes::new()).await?;
            Ok(guard(key, place))
        })
    }

    fn try_acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            match self.take(Queue::Lock, &key, &Bytes::new()).await? {
                Some(place) => Ok(guard(key, place)),
                None => {
                    let why = "the lock is held by another holder";
                    Err(refuse(ErrorKind::Busy, "lock", why).with_key(key.as_str()))
                }
            }
        })
    }
}

impl Election for Zookeeper {
    fn campaign(&self, key: Key, value: Bytes) -> Answer<'_, Leadership> {
        Box::pin(async move {
            check_put("election", &key, &value)?;
            // Observers read the value of the first place: it is published when this one is it.
            let place = self.wait_for_turn(Queue::Election, &key, &value).await?;
            Ok(Leadership::new(guard(key, place), Arc::new(self.clone())))
        })
    }

    fn proclaim<'a>(&'a self, key: &'a Key, token: u64, value: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            check_put("election", key, &value)?;
            let lost = || {
                let why = "this token does not lead";
                refuse(ErrorKind::LockLost, "election", why).with_key(key.as_str())
            };
            let first = self.first(Queue::Election, key).await?;
            let (path, ..) = first
                .filter(|(_, first, _)| *first == token)
                .ok_or_else(lost)?;
            let (path, value) = (&path, &value);
            let call = Call::write("election").on(key.as_str());
            let set = self.run(&call, |session| async move {
                match session.client.set_data(path, value, None).await {
                    Ok(_) => Ok(true),
                    Err(ZkError::NoNode) => Ok(false),
                    Err(e) => Err(failure(e)),
                }
            });
            set.await?.then_some(()).ok_or_else(lost)
        })
    }

    fn observe(&self, key: Key) -> Answer<'_, LeaderStream> {
        Box::pin(async move {
            let queue = self.ensemble().namespace.queue(Queue::Election, &key);
            let filter = Filter::Below(format!("{queue}/"));
            let news = subscribe(&self.shared, filter, "election").await?;
            let first = Some(self.leader(&key).await?);
            let observer = Observer {
                zookeeper: self.clone(),
                key,
                news,
                first,
                last: None,
            };
            let leaders = futures_util::stream::unfold(observer, |mut observer| async move {
                let leader = observer.next().await.transpose()?;
                Some((leader, observer))
            });
            Ok(Box::pin(leaders) as LeaderStream)
        })
    }
}

impl Zookeeper {
    async fn leader(&self, key: &Key) -> Result<Option<Leader>, Error> {
        let first = self.first(Queue::Election, key).await?;
        Ok(first.map(|(_, token, value)| Leader { token, value }))
    }
}

/// Follows the leader.
struct Observer {
    zookeeper: Zookeeper,
    key: Key,
    news: Subscription,
    /// Read, and not yielded yet.
    first: Option<Option<Leader>>,
    last: Option<Option<Leader>>,
}

impl Observer {
    /// The next other leader; `None`: the store was closed.
    async fn next(&mut self) -> Result<Option<Option<Leader>>, Error> {
        let closed = self.zookeeper.shared.caller.closed().clone();
        let next = closed.run_until_cancelled(self.changed()).await;
        match next.transpose() {
            Err(e) if e.kind == ErrorKind::Closed => Ok(None),
            next => next,
        }
    }

    async fn changed(&mut self) -> Result<Option<Leader>, Error> {
        let mut backoff = self.zookeeper.shared.caller.backoff();
        loop {
            let leader = match self.first.take() {
                Some(first) => first,
                None => {
                    self.news.news().await;
                    match self.zookeeper.leader(&self.key).await {
                        Err(e) if e.kind == ErrorKind::Unavailable => {
                            self.news.missed(SnapshotReason::Disconnected);
                            tokio::time::sleep(backoff.pause()).await;
                            continue;
                        }
                        leader => leader?,
                    }
                }
            };
            if self.last.as_ref() != Some(&leader) {
                self.last = Some(leader.clone());
                return Ok(leader);
            }
        }
    }
}

impl Leases for Zookeeper {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        Box::pin(async move {
            if ttl.is_zero() {
                let why = "the ttl must be above zero";
                return Err(refuse(ErrorKind::InvalidArgument, "lease", why));
            }
            self.grant(&Call::read("lease"), ttl).await
        })
    }

    fn keep_alive(&self, id: LeaseId) -> Answer<'_, Duration> {
        Box::pin(self.renew(id))
    }

    fn revoke(&self, id: LeaseId) -> Answer<'_, ()> {
        Box::pin(self.end_lease(id))
    }
}

impl Close for Zookeeper {
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let shared = &self.shared;
            if let Some(top) = shared.top.get() {
                top.ensemble().disconnect();
            }
            shared.caller.closed().cancel();
            shared.leases.close();
            // The end of the session leaves all queues.
            shared.ensemble().disconnect();
            shared.cleanups.close();
            let left = tokio::time::timeout(shared.caller.timeout(), shared.cleanups.wait());
            let _ = left.await;
            Ok(())
        })
    }
}
