//! Transactions: what is sent, and what the answers mean.
//!
//! Consul writes nothing if a value stays the same, and a key keeps its session if it is written
//! without one. So a put removes the key first, in the same transaction.

mod ops;
mod plan;

use std::collections::HashMap;

use carml_kv::{
    Committed, Condition, Error, ErrorKind, LeaseId, Op, Revision, Txn,
    client::{Call, Queue, misunderstood, not_held},
    contract::check_txn,
};
use tokio::time::Instant;

pub(crate) use self::ops::Ops;
use self::plan::{Guesses, Learned, plan};
use crate::{Consul, PROVIDER};

impl Consul {
    /// Commits a transaction. Consul does not say which keys a delete finds, and which index a held
    /// lock has by now: the first attempt guesses, and its refusal says what is true.
    pub(crate) async fn transact(
        &self,
        call: &Call<'_>,
        txn: &Txn,
        wants_revision: bool,
    ) -> Result<Committed, Error> {
        let op = call.op();
        check_txn(PROVIDER, op, txn)?;
        self.shared.released.check(PROVIDER, op, txn)?;
        let sessions = self.sessions_of(call, txn).await?;
        let mut guesses = Guesses::new(txn);
        let give_up = Instant::now() + self.shared.cluster.timeout();
        while Instant::now() < give_up {
            let namespace = &self.shared.namespace;
            let plan = plan(namespace, txn, &sessions, &guesses, wants_revision);
            let sent = match plan.ops.is_empty() {
                true => Ok(Vec::new()),
                false => self.send(call, &plan.ops).await?,
            };
            let denied = match sent {
                Ok(pairs) => {
                    let counts = plan.counts(&pairs);
                    let revision = match plan.revision(&pairs) {
                        Some(revision) => Revision(revision),
                        None => self.unchanged(op, wants_revision).await?,
                    };
                    return Ok(Committed { revision, counts });
                }
                Err(denied) => denied,
            };
            match guesses.learn(call, txn, &plan, &denied)? {
                Learned::Nothing => {
                    let revision = self.unchanged(op, wants_revision).await?;
                    let counts = vec![0; txn.ops.len()];
                    return Ok(Committed { revision, counts });
                }
                Learned::NotALock(condition) => {
                    let index = self.index_of_held(call, &txn.conditions[condition]).await?;
                    guesses.elected(condition, index);
                }
                Learned::LeaseLost(lease) => return Err(self.lease_lost(call, lease)),
                Learned::More => {}
            }
        }
        let why = "other clients change the keys of the transaction all the time";
        Err(call.about(Error::new(ErrorKind::Unavailable, op, why).with_backend(PROVIDER)))
    }

    /// The revision of a transaction that changed nothing.
    async fn unchanged(&self, op: &'static str, wanted: bool) -> Result<Revision, Error> {
        match wanted {
            true => self.revision(&Call::read(op)).await.map(Revision),
            false => Ok(Revision::default()),
        }
    }

    /// The sessions of the leases that a transaction names.
    async fn sessions_of(
        &self,
        call: &Call<'_>,
        txn: &Txn,
    ) -> Result<HashMap<LeaseId, String>, Error> {
        let mut sessions = HashMap::new();
        for change in &txn.ops {
            if let Op::Put(_, _, Some(lease)) = change {
                let lookup = Call::read(call.op());
                let session = self.session(&lookup, *lease).await;
                sessions.insert(*lease, session.map_err(|e| call.about(e))?);
            }
        }
        Ok(sessions)
    }

    /// The present index of an election that is held with a token; a leader may have changed its
    /// value since it took it.
    async fn index_of_held(&self, call: &Call<'_>, condition: &Condition) -> Result<u64, Error> {
        let Condition::Held(key, token) = condition else {
            return Err(misunderstood(PROVIDER, call.op()));
        };
        let native = self.shared.namespace.place(Queue::Election, key);
        let read = Call::read(call.op()).on(key.as_str());
        let pair = self.pair(&read, &native, Default::default()).await?;
        let held = pair.filter(|pair| pair.created == *token);
        let lost = || not_held(PROVIDER, call.op(), key, *token);
        held.map(|pair| pair.modified).ok_or_else(lost)
    }
}
