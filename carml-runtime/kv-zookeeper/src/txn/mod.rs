//! Writes. Every one is a multi request, with the clock of the bucket as its first change.

mod plan;
mod state;

use std::sync::Arc;

use bytes::Bytes;
use carml_kv::{
    Committed, Condition, Error, ErrorKind, Key, LeaseId, Op, Revision, Txn,
    client::{Backoff, Call, Failure, Outcome, misunderstood, not_held},
    contract::{check_txn, check_value},
};
use tokio::time::Instant;
use zookeeper_client::{Client, CreateMode, Error as ZkError, MultiWriteError, MultiWriteResult};

use self::{
    plan::{Step, plan},
    state::State,
};
use crate::{
    PROVIDER, Zookeeper,
    leases::Owner,
    namespace::DIRECTORY,
    nodes::revision,
    session::{Ensemble, failure},
};

/// The servers drop a connection that sends more than `jute.maxbuffer`, by default 1 MiB.
const MAX_REQUEST: usize = 1_000_000;

/// What became of a multi request.
enum Sent {
    Done(Vec<MultiWriteResult>),
    /// What was read is no longer so.
    Outdated,
    /// The place of a required lock is gone.
    NotHeld(Key, u64),
}

impl Zookeeper {
    /// Writes without a look at what is there: one round trip if the node exists. `None`: it does not,
    /// or it belongs to a lease.
    pub(crate) async fn overwrite(
        &self,
        key: &Key,
        value: &Bytes,
    ) -> Result<Option<Revision>, Error> {
        let ensemble = self.ensemble();
        let namespace = &ensemble.namespace;
        let steps = [
            Step::Set(namespace.clock(), Bytes::new(), None),
            Step::Set(namespace.native(key), value.clone(), None),
        ];
        let call = Call::write("put").on(key.as_str());
        let Sent::Done(results) = self.send(&call, &steps, None).await? else {
            return Ok(None);
        };
        match results.last() {
            Some(MultiWriteResult::SetData { stat }) if stat.ephemeral_owner == 0 => {
                Ok(Some(revision(stat.mzxid)))
            }
            Some(MultiWriteResult::SetData { .. }) => Ok(None),
            _ => Err(misunderstood(PROVIDER, "put")),
        }
    }

    /// Reads, plans and sends, again if what was read has changed.
    pub(crate) async fn transact(
        &self,
        op: &'static str,
        key: Option<&Key>,
        txn: &Txn,
    ) -> Result<Committed, Error> {
        check_txn(PROVIDER, op, txn)?;
        check_puts(op, txn)?;
        self.shared.released.check(PROVIDER, op, txn)?;
        let on = |call| match key {
            Some(key) => Call::on(call, key.as_str()),
            None => call,
        };
        let (read, write) = (on(Call::read(op)), on(Call::write(op)));
        let deadline = Instant::now() + self.shared.caller.timeout();
        let mut backoff = Backoff::new(2);
        let ensemble = self.ensemble();
        let namespace = &ensemble.namespace;
        loop {
            let owner = self.owner_of(op, txn)?;
            let state = self.run(&read, |session| async move {
                let state = State::read(&session.client, namespace, txn).await;
                self.missing_fixtures(&session.client, state).await
            });
            let state = state.await?;
            let session = owner.as_ref().map(|owner| owner.session());
            let plan = plan(op, namespace, txn, &state, session).map_err(|e| about(e, key))?;
            if plan.steps.is_empty() {
                return Ok(Committed {
                    revision: revision(state.latest()),
                    counts: plan.counts,
                });
            }
            check_size(op, &plan.steps)?;
            let at = match self.send(&write, &plan.steps, owner).await? {
                Sent::NotHeld(key, token) => return Err(not_held(PROVIDER, op, &key, token)),
                Sent::Outdated => {
                    let pause = backoff.pause() / 4;
                    if Instant::now() + pause < deadline {
                        tokio::time::sleep(pause).await;
                        continue;
                    }
                    let why = "others changed the same keys at each attempt";
                    let error = Error::new(ErrorKind::Unavailable, op, why);
                    return Err(about(error.with_backend(PROVIDER), key));
                }
                Sent::Done(results) => match results.first() {
                    Some(MultiWriteResult::SetData { stat }) if plan.changes => stat.mzxid,
                    _ => state.latest(),
                },
            };
            return Ok(Committed {
                revision: revision(at),
                counts: plan.counts,
            });
        }
    }

    /// Sends steps in the current session, or in that of a lease.
    async fn send(
        &self,
        call: &Call<'_>,
        steps: &[Step],
        owner: Option<Arc<Owner>>,
    ) -> Result<Sent, Error> {
        let (ensemble, owner) = (self.ensemble(), owner.as_deref());
        let ensemble = &ensemble;
        self.run(call, |session| async move {
            let client = owner.map_or(&session.client, |owner| owner.client());
            let sent = commit(client, ensemble, steps).await;
            let (index, error) = match sent {
                Ok(results) => return Ok(Sent::Done(results)),
                Err(MultiWriteError::RequestFailed { source }) => return Err(failure(source)),
                Err(MultiWriteError::OperationFailed { index, source }) => (index, source),
            };
            match (error, steps.get(index)) {
                (ZkError::NoNode, Some(Step::Held { key, token, .. })) => {
                    Ok(Sent::NotHeld(key.clone(), *token))
                }
                (
                    ZkError::NoNode | ZkError::NodeExists | ZkError::BadVersion | ZkError::NotEmpty,
                    _,
                ) => Ok(Sent::Outdated),
                (error, _) => Err(failure(error)),
            }
        })
        .await
    }

    /// Somebody may have removed the whole bucket.
    async fn missing_fixtures(
        &self,
        client: &Client,
        state: Result<State, ZkError>,
    ) -> Result<State, Failure> {
        match state {
            Ok(state) if state.node(&self.ensemble().namespace.clock()).is_some() => Ok(state),
            Ok(_) | Err(ZkError::NoNode) => {
                self.ensemble().prepare(client).await.map_err(failure)?;
                Err(Failure::new(
                    Outcome::Unsent,
                    "the bucket's nodes were missing, and have been made again",
                ))
            }
            Err(e) => Err(failure(e)),
        }
    }

    /// The session of the leased keys of a transaction.
    fn owner_of(&self, op: &'static str, txn: &Txn) -> Result<Option<Arc<Owner>>, Error> {
        let mut lease: Option<LeaseId> = None;
        for one in &txn.ops {
            if let Op::Put(key, _, Some(id)) = one {
                if lease.is_some_and(|other| other != *id) {
                    let why = "on ZooKeeper all leased keys of a transaction have the same lease";
                    return Err(Error::new(ErrorKind::InvalidArgument, op, why)
                        .with_backend(PROVIDER)
                        .with_key(key.as_str()));
                }
                lease = Some(*id);
            }
        }
        lease.map(|id| self.owner(op, id)).transpose()
    }
}

fn about(error: Error, key: Option<&Key>) -> Error {
    match key {
        Some(key) if error.key.is_none() => error.with_key(key.as_str()),
        _ => error,
    }
}

async fn commit(
    client: &Client,
    ensemble: &Ensemble,
    steps: &[Step],
) -> Result<Vec<MultiWriteResult>, MultiWriteError> {
    let mut writer = client.new_multi_writer();
    for step in steps {
        match step {
            Step::Check(path, version) => writer.add_check_version(path, version.unwrap_or(-1))?,
            Step::Held { place, .. } => writer.add_check_version(place, -1)?,
            Step::Set(path, data, version) => writer.add_set_data(path, data, *version)?,
            Step::Delete(path, version) => writer.add_delete(path, *version)?,
            Step::Create {
                path,
                data,
                ephemeral,
            } => {
                let mode = match ephemeral {
                    true => CreateMode::Ephemeral,
                    false => CreateMode::Persistent,
                };
                ensemble.with_acl(|acls| writer.add_create(path, data, &mode.with_acls(acls)))?;
            }
        }
    }
    writer.commit().await
}

/// Checks what can be stored under a key.
pub(crate) fn check_put(op: &'static str, key: &Key, value: &[u8]) -> Result<(), Error> {
    check_value(PROVIDER, op, key, value)?;
    if value == DIRECTORY {
        let why = "this value marks nodes without a value on ZooKeeper";
        return Err(Error::new(ErrorKind::InvalidArgument, op, why)
            .with_backend(PROVIDER)
            .with_key(key.as_str()));
    }
    Ok(())
}

fn check_puts(op: &'static str, txn: &Txn) -> Result<(), Error> {
    txn.ops.iter().try_for_each(|one| match one {
        Op::Put(key, value, _) => check_put(op, key, value),
        Op::Delete(_) | Op::DeleteTree(_) => Ok(()),
    })
}

fn check_size(op: &'static str, steps: &[Step]) -> Result<(), Error> {
    let actual: usize = steps.iter().map(Step::size).sum();
    if actual <= MAX_REQUEST {
        return Ok(());
    }
    let why = format!(
        "the request has about {actual} bytes, the limit is {MAX_REQUEST} (ZooKeeper's \
         jute.maxbuffer)"
    );
    Err(Error::new(ErrorKind::TooLarge, op, why).with_backend(PROVIDER))
}

/// A transaction that removes one key.
pub(crate) fn removal(key: Key, expected: Option<Revision>) -> Txn {
    Txn {
        conditions: expected
            .map(|revision| Condition::Revision(key.clone(), Some(revision)))
            .into_iter()
            .collect(),
        ops: vec![Op::Delete(key)],
    }
}
