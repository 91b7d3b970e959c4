//! Splits a batch into messages below the default message limit of gRPC.

use carml_runtime::kv::{Batch, Entry, Event, Piece};

use super::{
    api::{self, watch_response},
    convert,
};

/// A message is complete once it has this many bytes. With one more value of the maximum size it is
/// still below 4 MiB.
pub(super) const CHUNK_BYTES: usize = 2 << 20;

/// What is encoded of an item besides its key and its value, at most: revision, lease, cause, and the
/// tags and lengths of all fields and of the item itself.
const ITEM_BYTES: usize = 48;

/// The messages of a batch, or of a part of it: all but the last of the batch are partial.
pub(super) fn messages(piece: Piece) -> Vec<api::WatchResponse> {
    let batches: Vec<watch_response::Batch> = match piece.batch {
        Batch::Snapshot {
            entries,
            revision,
            reason,
        } => split(entries, size)
            .map(|(entries, partial)| {
                watch_response::Batch::Snapshot(api::Snapshot {
                    entries: entries.into_iter().map(convert::entry).collect(),
                    revision: revision.0,
                    reason: convert::reason(reason).into(),
                    partial: partial || piece.is_partial,
                })
            })
            .collect(),
        Batch::Events { revision, events } => split(events, |event| match event {
            Event::Put(entry) => size(entry),
            Event::Delete { key, .. } => key.as_str().len() + ITEM_BYTES,
        })
        .map(|(events, partial)| {
            watch_response::Batch::Events(api::Events {
                events: events.into_iter().map(convert::event).collect(),
                revision: revision.0,
                partial,
            })
        })
        .collect(),
        Batch::Progress { revision } => {
            let revision = revision.0;
            vec![watch_response::Batch::Progress(api::Progress { revision })]
        }
        // A kind of batch that the proto does not have.
        _ => Vec::new(),
    };
    let message = |batch| api::WatchResponse { batch: Some(batch) };
    batches.into_iter().map(message).collect()
}

/// The size of an entry as counted for [`CHUNK_BYTES`].
pub(super) fn size(entry: &Entry) -> usize {
    entry.key.as_str().len() + entry.value.len() + ITEM_BYTES
}

/// Groups of items, and whether another group follows. Without items, one empty group.
fn split<T>(items: Vec<T>, size: impl Fn(&T) -> usize) -> impl Iterator<Item = (Vec<T>, bool)> {
    let mut groups = vec![Vec::new()];
    let mut bytes = 0;
    for item in items {
        if bytes >= CHUNK_BYTES {
            groups.push(Vec::new());
            bytes = 0;
        }
        bytes += size(&item);
        if let Some(group) = groups.last_mut() {
            group.push(item);
        }
    }
    let last = groups.len() - 1;
    let partial = move |(at, group)| (group, at < last);
    groups.into_iter().enumerate().map(partial)
}

#[cfg(test)]
mod tests {
    use carml_runtime::kv::{Revision, SnapshotReason};
    use prost::Message as _;

    use super::*;

    #[test]
    fn a_large_snapshot_is_split_below_the_limit_without_loss() {
        let entries: Vec<Entry> = (0..40)
            .map(|n| Entry {
                key: format!("k/{n}").parse().expect("a key"),
                value: vec![0; 512 * 1024].into(),
                revision: Revision(n),
                lease: None,
            })
            .collect();
        let snapshot = Batch::Snapshot {
            entries,
            revision: Revision(40),
            reason: SnapshotReason::Started,
        };
        let messages = messages(snapshot.into());
        let (mut keys, mut partial) = (0, Vec::new());
        for message in &messages {
            assert!(message.encoded_len() < 4 << 20);
            if let Some(watch_response::Batch::Snapshot(snapshot)) = &message.batch {
                keys += snapshot.entries.len();
                partial.push(snapshot.partial);
            }
        }
        assert_eq!(keys, 40);
        assert!(partial.len() > 1);
        assert_eq!(partial.pop(), Some(false));
        assert!(partial.into_iter().all(|more| more));
    }

    #[test]
    fn many_small_items_are_split_too() {
        let entries = (0..300_000).map(|n| Entry {
            key: format!("{n}").parse().expect("a key"),
            value: Vec::new().into(),
            revision: Revision(u64::MAX),
            lease: Some(carml_runtime::kv::LeaseId(u64::MAX)),
        });
        let entries: Vec<Entry> = entries.collect();
        let deleted = entries.iter().map(|entry| Event::Delete {
            key: entry.key.clone(),
            cause: carml_runtime::kv::DeleteCause::Expired,
        });
        let batches = [
            Batch::Events {
                events: deleted.collect(),
                revision: Revision(1),
            },
            Batch::Snapshot {
                entries,
                revision: Revision(1),
                reason: SnapshotReason::Started,
            },
        ];
        for message in batches.into_iter().map(Piece::from).flat_map(messages) {
            assert!(message.encoded_len() < 4 << 20, "{}", message.encoded_len());
        }
    }

    #[test]
    fn an_empty_snapshot_is_one_message() {
        let snapshot = Batch::Snapshot {
            entries: Vec::new(),
            revision: Revision(1),
            reason: SnapshotReason::Started,
        };
        assert_eq!(messages(snapshot.into()).len(), 1);
    }

    #[test]
    fn the_last_message_of_a_part_says_that_more_follows() {
        let part = Piece {
            batch: Batch::Snapshot {
                entries: Vec::new(),
                revision: Revision(1),
                reason: SnapshotReason::Started,
            },
            is_partial: true,
        };
        for message in messages(part) {
            let Some(watch_response::Batch::Snapshot(snapshot)) = message.batch else {
                panic!("expected a snapshot");
            };
            assert!(snapshot.partial);
        }
    }
}
