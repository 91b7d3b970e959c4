//! The contract's types as messages, and back.

use carml_runtime::kv::{Cause, Consistency, Entry, Error, Event, From, LeaseId, Reason, Revision};

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

pub(super) fn from(after: Option<u64>) -> From {
    after.map_or(From::Now, |revision| From::Revision(Revision(revision)))
}

pub(super) fn to_after(from: From) -> Option<u64> {
    match from {
        From::Now => None,
        From::Revision(revision) => Some(revision.0),
    }
}

const REASONS: [(Reason, api::SnapshotReason); 6] = [
    (Reason::Started, api::SnapshotReason::Start),
    (Reason::Compacted, api::SnapshotReason::Compacted),
    (Reason::IndexReset, api::SnapshotReason::IndexReset),
    (Reason::SessionExpired, api::SnapshotReason::SessionExpired),
    (Reason::Disconnected, api::SnapshotReason::Disconnected),
    (Reason::Lagged, api::SnapshotReason::Lagged),
];

pub(super) fn reason(reason: Reason) -> api::SnapshotReason {
    let known = REASONS.iter().find(|(ours, _)| *ours == reason);
    known.map_or(api::SnapshotReason::Unspecified, |(_, theirs)| *theirs)
}

/// A reason that this client does not know yet is one to start over.
pub(super) fn to_reason(reason: api::SnapshotReason) -> Reason {
    let known = REASONS.iter().find(|(_, theirs)| *theirs == reason);
    known.map_or(Reason::Started, |(ours, _)| *ours)
}

pub(super) fn event(event: Event) -> api::Event {
    let event = match event {
        Event::Put(put) => api::event::Event::Put(entry(put)),
        Event::Delete { key, cause } => api::event::Event::Deleted(api::Deleted {
            key: key.to_string(),
            cause: match cause {
                Cause::Explicit => api::DeleteCause::Explicit,
                Cause::Expired => api::DeleteCause::Expired,
                Cause::Unknown => api::DeleteCause::Unspecified,
            }
            .into(),
        }),
    };
    api::Event { event: Some(event) }
}

/// `None`: an event of a kind that this client does not know.
pub(super) fn to_event(event: api::Event) -> Result<Option<Event>, Error> {
    Ok(match event.event {
        Some(api::event::Event::Put(put)) => Some(Event::Put(to_entry(put)?)),
        Some(api::event::Event::Deleted(deleted)) => Some(Event::Delete {
            cause: match deleted.cause() {
                api::DeleteCause::Explicit => Cause::Explicit,
                api::DeleteCause::Expired => Cause::Expired,
                api::DeleteCause::Unspecified => Cause::Unknown,
            },
            key: deleted.key.parse()?,
        }),
        None => None,
    })
}
