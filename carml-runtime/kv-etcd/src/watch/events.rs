//! The events of a response, by revision.

use carml_kv::{Batch, DeleteCause, Event};
use etcd_client::proto::PbEvent;

use crate::{namespace::Namespace, scan::Scope, txn::revision};

/// One event, as etcd sent it.
pub(crate) struct RawEvent(PbEvent);

impl RawEvent {
    pub(crate) fn is_delete(&self) -> bool {
        self.0.r#type == 1
    }

    /// The key, and for a put its value and revisions.
    pub(crate) fn into_kv(self) -> etcd_client::proto::PbKeyValue {
        self.0.kv.unwrap_or_default()
    }

    fn revision(&self) -> i64 {
        self.0.kv.as_ref().map_or(0, |kv| kv.mod_revision)
    }
}

/// A response is one piece of several if it is large. A revision is complete when the next one
/// begins, or with the last piece.
#[derive(Default)]
pub(super) struct Pieces {
    revision: i64,
    events: Vec<RawEvent>,
}

impl Pieces {
    /// The revisions that a piece completes, with their events.
    pub(super) fn add(
        &mut self,
        events: Vec<PbEvent>,
        more_follow: bool,
    ) -> Vec<(i64, Vec<RawEvent>)> {
        let mut complete = Vec::new();
        for event in events.into_iter().map(RawEvent) {
            if event.revision() != self.revision {
                self.finish(&mut complete);
                self.revision = event.revision();
            }
            self.events.push(event);
        }
        if !more_follow {
            self.finish(&mut complete);
        }
        complete
    }

    fn finish(&mut self, complete: &mut Vec<(i64, Vec<RawEvent>)>) {
        if !self.events.is_empty() {
            complete.push((self.revision, std::mem::take(&mut self.events)));
        }
    }
}

/// What of a revision's events the scope contains, if anything.
pub(super) fn batch(
    namespace: &Namespace,
    scope: &Scope,
    at: i64,
    events: Vec<RawEvent>,
) -> Option<Batch> {
    let events = events.into_iter();
    let events: Vec<Event> = events.filter_map(|e| event(namespace, scope, e)).collect();
    (!events.is_empty()).then(|| Batch::Events {
        revision: revision(at),
        events,
    })
}

fn event(namespace: &Namespace, scope: &Scope, event: RawEvent) -> Option<Event> {
    let delete = event.is_delete();
    let before = event.0.prev_kv.as_ref().map(|before| before.lease);
    let kv = event.into_kv();
    if !scope.contains(&kv.key) {
        return None;
    }
    if !delete {
        return namespace.entry(kv).map(Event::Put);
    }
    // etcd does not say whether a lease ended or a call removed the key, so only a key without a
    // lease tells.
    let cause = match before {
        Some(0) => DeleteCause::Explicit,
        _ => DeleteCause::Unknown,
    };
    let key = namespace.key(&kv.key)?;
    Some(Event::Delete { key, cause })
}

#[cfg(test)]
mod tests {
    use etcd_client::proto::PbKeyValue;

    use super::*;

    fn put(revision: i64) -> PbEvent {
        PbEvent {
            kv: Some(PbKeyValue {
                mod_revision: revision,
                ..PbKeyValue::default()
            }),
            ..PbEvent::default()
        }
    }

    #[test]
    fn a_revision_is_told_when_it_is_whole() {
        let mut pieces = Pieces::default();
        let mut add = |revisions: &[i64], more| {
            let events = revisions.iter().map(|r| put(*r)).collect();
            let complete = pieces.add(events, more).into_iter();
            complete
                .map(|(r, events)| (r, events.len()))
                .collect::<Vec<_>>()
        };
        assert_eq!(add(&[1, 1, 2], false), [(1, 2), (2, 1)]);
        assert_eq!(add(&[3, 3], true), []);
        assert_eq!(add(&[3, 4], true), [(3, 3)]);
        assert_eq!(add(&[], true), []);
        assert_eq!(add(&[4, 5], false), [(4, 2), (5, 1)]);
    }
}
