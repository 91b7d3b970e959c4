//! Conversions between the types of the contract and messages.

use std::time::Duration;

use carml_runtime::kv::{
    Condition, Consistency, DeleteCause, Entry, Error, ErrorKind, Event, LeaseId, Op, Revision,
    SnapshotReason, Txn, WatchStart,
};

use super::api;

pub(super) fn entry(entry: Entry) -> api::Entry {
    api::Entry {
        key: entry.key.to_string(),
        value: entry.value.into(),
        revision: entry.revision.0,
        lease: entry.lease.map_or(0, |lease| lease.0),
    }
}

pub(super) fn to_entry(entry: api::Entry) -> Result<Entry, Error> {
    Ok(Entry {
        key: entry.key.parse()?,
        value: entry.value.into(),
        revision: Revision(entry.revision),
        lease: lease(entry.lease),
    })
}

pub(super) fn lease(id: u64) -> Option<LeaseId> {
    (id != 0).then_some(LeaseId(id))
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn consistency(asked: api::Consistency) -> Consistency {
    match asked {
        api::Consistency::Stale => Consistency::Stale,
        api::Consistency::Unspecified | api::Consistency::Linearizable => Consistency::Linearizable,
    }
}

pub(super) fn to_consistency(asked: Consistency) -> api::Consistency {
    match asked {
        Consistency::Linearizable => api::Consistency::Linearizable,
        Consistency::Stale => api::Consistency::Stale,
    }
}

pub(super) fn watch_start(after: Option<u64>) -> WatchStart {
    after.map_or(WatchStart::Now, |revision| {
        WatchStart::Revision(Revision(revision))
    })
}

pub(super) fn to_after(from: WatchStart) -> Option<u64> {
    match from {
        WatchStart::Now => None,
        WatchStart::Revision(revision) => Some(revision.0),
    }
}

const REASONS: [(SnapshotReason, api::SnapshotReason); 6] = [
    (SnapshotReason::Started, api::SnapshotReason::Start),
    (SnapshotReason::Compacted, api::SnapshotReason::Compacted),
    (SnapshotReason::IndexReset, api::SnapshotReason::IndexReset),
    (
        SnapshotReason::SessionExpired,
        api::SnapshotReason::SessionExpired,
    ),
    (
        SnapshotReason::Disconnected,
        api::SnapshotReason::Disconnected,
    ),
    (SnapshotReason::Lagged, api::SnapshotReason::Lagged),
];

pub(super) fn reason(reason: SnapshotReason) -> api::SnapshotReason {
    let known = REASONS.iter().find(|(ours, _)| *ours == reason);
    known.map_or(api::SnapshotReason::Unspecified, |(_, theirs)| *theirs)
}

/// A reason that this client does not know is treated as a start.
pub(super) fn to_reason(reason: api::SnapshotReason) -> SnapshotReason {
    let known = REASONS.iter().find(|(_, theirs)| *theirs == reason);
    known.map_or(SnapshotReason::Started, |(ours, _)| *ours)
}

pub(super) fn event(event: Event) -> api::Event {
    let event = match event {
        Event::Put(put) => api::event::Event::Put(entry(put)),
        Event::Delete { key, cause } => api::event::Event::Deleted(api::Deleted {
            key: key.to_string(),
            cause: match cause {
                DeleteCause::Explicit => api::DeleteCause::Explicit,
                DeleteCause::Expired => api::DeleteCause::Expired,
                DeleteCause::Unknown => api::DeleteCause::Unspecified,
            }
            .into(),
        }),
    };
    api::Event { event: Some(event) }
}

/// `None`: a kind of event that this client does not know.
pub(super) fn to_event(event: api::Event) -> Result<Option<Event>, Error> {
    Ok(match event.event {
        Some(api::event::Event::Put(put)) => Some(Event::Put(to_entry(put)?)),
        Some(api::event::Event::Deleted(deleted)) => Some(Event::Delete {
            cause: match deleted.cause() {
                api::DeleteCause::Explicit => DeleteCause::Explicit,
                api::DeleteCause::Expired => DeleteCause::Expired,
                api::DeleteCause::Unspecified => DeleteCause::Unknown,
            },
            key: deleted.key.parse()?,
        }),
        None => None,
    })
}

pub(super) fn txn(txn: Txn) -> api::CommitRequest {
    let conditions = txn.conditions.into_iter().map(|condition| {
        let condition = match condition {
            Condition::Revision(key, revision) => {
                api::condition::Condition::Revision(api::ExpectedRevision {
                    key: key.to_string(),
                    revision: revision.map(|revision| revision.0),
                })
            }
            Condition::Held(key, fencing_token) => {
                let key = key.to_string();
                api::condition::Condition::Held(api::HeldToken { key, fencing_token })
            }
        };
        api::Condition {
            condition: Some(condition),
        }
    });
    let operations = txn.ops.into_iter().map(|op| {
        let operation = match op {
            Op::Put(key, value, lease) => api::operation::Operation::Put(api::PutRequest {
                key: key.to_string(),
                value: value.into(),
                lease: lease.map_or(0, |lease| lease.0),
            }),
            Op::Delete(key) => api::operation::Operation::Delete(api::DeleteRequest {
                key: key.to_string(),
            }),
            Op::DeleteTree(dir) => api::operation::Operation::DeleteTree(api::DeleteTreeRequest {
                directory: dir.to_string(),
            }),
        };
        api::Operation {
            operation: Some(operation),
        }
    });
    api::CommitRequest {
        conditions: conditions.collect(),
        operations: operations.collect(),
    }
}

pub(super) fn to_txn(request: api::CommitRequest) -> Result<Txn, Error> {
    let absent = |what: &str| {
        let why = format!("{what} of the transaction is of no kind that this server knows");
        Error::new(ErrorKind::InvalidArgument, "commit", why)
    };
    let mut txn = Txn::new();
    for condition in request.conditions {
        txn.conditions.push(match condition.condition {
            Some(api::condition::Condition::Revision(expected)) => {
                let revision = expected.revision.map(Revision);
                Condition::Revision(expected.key.parse()?, revision)
            }
            Some(api::condition::Condition::Held(held)) => {
                Condition::Held(held.key.parse()?, held.fencing_token)
            }
            None => return Err(absent("a condition")),
        });
    }
    for operation in request.operations {
        txn.ops.push(match operation.operation {
            Some(api::operation::Operation::Put(put)) => {
                Op::Put(put.key.parse()?, put.value.into(), lease(put.lease))
            }
            Some(api::operation::Operation::Delete(delete)) => Op::Delete(delete.key.parse()?),
            Some(api::operation::Operation::DeleteTree(tree)) => {
                Op::DeleteTree(tree.directory.parse()?)
            }
            None => return Err(absent("an operation")),
        });
    }
    Ok(txn)
}
