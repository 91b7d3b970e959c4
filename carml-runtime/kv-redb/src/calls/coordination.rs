//! Locks, elections, leases, close.
use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt as _;

use carml_kv::{
    Error, ErrorKind, Guard, Key, Leader, LeaderStream, Leadership, Lease, LeaseId,
    contract::{Answer, Close, Election, Leases, Lock, check_value},
};

use crate::{Redb, Write, locks::QueueEntry, writer::Command};

/// The shortest lease: it is renewed every third of its ttl, and must outlast a commit.
const MIN_TTL: Duration = Duration::from_millis(100);
const MAX_TTL: Duration = Duration::from_secs(10 * 365 * 86_400);

fn refuse<T>(kind: ErrorKind, op: &'static str, why: &str) -> Result<T, Error> {
    Err(Error::new(kind, op, why).with_backend("redb"))
}

impl Redb {
    /// A number greater than every earlier one, across restarts.
    async fn token(&self, op: &'static str) -> Result<u64, Error> {
        Ok(self.write(op, Write::Token).await?.revision.0)
    }

    async fn guard(&self, key: Key, queued: QueueEntry) -> Result<Guard, Error> {
        let token = self.token("lock").await?;
        queued.set_token(token);
        let lost = self.shared.closed.clone();
        Ok(Guard::new(key, token, lost, Box::new(queued)))
    }

    /// Waits in a queue until the store is closed.
    async fn wait(&self, op: &'static str, turn: impl Future<Output = ()>) -> Result<(), Error> {
        tokio::select! {
            () = self.shared.closed.cancelled() => Err(self.shared.ended(op)),
            () = turn => Ok(()),
        }
    }
}

impl Lock for Redb {
    fn acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            let mut queued = self.shared.locks.join(key.as_str());
            self.wait("lock", queued.wait()).await?;
            self.guard(key, queued).await
        })
    }
    fn try_acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            let mut queued = self.shared.locks.join(key.as_str());
            if !queued.take() {
                return refuse(
                    ErrorKind::Busy,
                    "lock",
                    "the lock is held by another holder",
                )
                .map_err(|e| e.with_key(key.as_str()));
            }
            self.guard(key, queued).await
        })
    }
}

impl Election for Redb {
    fn campaign(&self, key: Key, value: Bytes) -> Answer<'_, Leadership> {
        Box::pin(async move {
            check_value("redb", "election", &key, &value)?;
            let mut candidate = self.shared.elections.campaign(&key);
            self.wait("election", candidate.wait()).await?;
            let token = self.token("election").await?;
            let leading = candidate.lead(token, value);
            let lost = self.shared.closed.clone();
            let guard = Guard::new(key, token, lost, Box::new(leading));
            Ok(Leadership::new(guard, Arc::new(self.clone())))
        })
    }
    fn proclaim<'a>(&'a self, key: &'a Key, token: u64, value: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            check_value("redb", "election", key, &value)?;
            if self.shared.closed.is_cancelled() {
                return Err(self.shared.ended("election"));
            }
            if self.shared.elections.proclaim(key, token, value) {
                return Ok(());
            }
            refuse(
                ErrorKind::LockLost,
                "election",
                "the holder of this token is not the leader",
            )
            .map_err(|e| e.with_key(key.as_str()))
        })
    }
    fn observe(&self, key: Key) -> Answer<'_, LeaderStream> {
        Box::pin(async move {
            if self.shared.closed.is_cancelled() {
                return Err(self.shared.ended("election"));
            }
            let participant = self.shared.elections.join(&key);
            let mut leader = participant.follow();
            leader.mark_changed();
            let state = (participant, leader, self.shared.closed.clone());
            let leaders = futures_util::stream::unfold(state, |mut state| async move {
                let (_, leader, over) = &mut state;
                tokio::select! {
                    () = over.cancelled() => return None,
                    changed = leader.changed() => changed.ok()?,
                }
                let now: Option<Leader> = leader.borrow_and_update().clone();
                Some((Ok(now), state))
            });
            Ok(Box::pin(leaders.fuse()) as LeaderStream)
        })
    }
}

impl Leases for Redb {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        Box::pin(async move {
            if ttl.is_zero() || ttl > MAX_TTL {
                let why = "the ttl must be above zero and at most 10 years";
                return refuse(ErrorKind::InvalidArgument, "lease", why);
            }
            let ttl = ttl.max(MIN_TTL);
            let id = self.write("lease", Write::Grant(ttl)).await?.revision.0;
            let lost = self.shared.leases.lost(id);
            Ok(Lease::new(LeaseId(id), ttl, lost, Arc::new(self.clone())))
        })
    }
    fn keep_alive(&self, id: LeaseId) -> Answer<'_, Duration> {
        Box::pin(async move {
            if self.shared.closed.is_cancelled() {
                return Err(self.shared.ended("keep_alive"));
            }
            match self.shared.leases.renew(id.0) {
                Some(ttl) => Ok(ttl),
                None => refuse(ErrorKind::LeaseLost, "keep_alive", "the lease has ended"),
            }
        })
    }
    fn revoke(&self, id: LeaseId) -> Answer<'_, ()> {
        Box::pin(async move { self.write("revoke", Write::Revoke(id.0)).await.map(drop) })
    }
}

impl Close for Redb {
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            match self.ask("close", Command::Close).await {
                // Another close was first, or the writer is gone: closed is closed.
                Err(_) if self.shared.closed.is_cancelled() => Ok(()),
                answer => answer,
            }
        })
    }
}
