//! The bytes of rows and log records. What cannot be decoded is a corrupted file.
use bytes::{BufMut, Bytes};

use carml_kv::{DeleteCause, Entry, Event, Key, LeaseId, Revision};

type StoreError = redb::Error;

const ROW_HEAD: usize = 16;

fn corrupted(what: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupted(format!("{what} cannot be decoded"))
}

pub(super) fn key(text: &str) -> Result<Key, StoreError> {
    Key::parse(text).map_err(|_| corrupted(format_args!("the key {text:?}")))
}

/// A row: revision, lease (0: none), value.
pub(super) fn row(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::with_capacity(ROW_HEAD + entry.value.len());
    out.put_u64(entry.revision.0);
    out.put_u64(entry.lease.map_or(0, |l| l.0));
    out.put_slice(&entry.value);
    out
}

fn split(row: &[u8]) -> Option<(u64, u64, &[u8])> {
    let (revision, rest) = row.split_first_chunk()?;
    let (lease, value) = rest.split_first_chunk()?;
    Some((
        u64::from_be_bytes(*revision),
        u64::from_be_bytes(*lease),
        value,
    ))
}

/// Revision and lease of a row.
pub(super) fn head(key: &str, row: &[u8]) -> Result<(u64, u64), StoreError> {
    let (revision, lease, _) =
        split(row).ok_or_else(|| corrupted(format_args!("the row of {key:?}")))?;
    Ok((revision, lease))
}

pub(super) fn entry(text: &str, row: &[u8]) -> Result<Entry, StoreError> {
    let (revision, lease, value) =
        split(row).ok_or_else(|| corrupted(format_args!("the row of {text:?}")))?;
    Ok(Entry {
        key: key(text)?,
        value: Bytes::copy_from_slice(value),
        revision: Revision(revision),
        lease: (lease != 0).then_some(LeaseId(lease)),
    })
}

/// The record of one revision: for each event a tag, the key's length and bytes, the row's
/// length and bytes.
pub(super) fn record(events: &[Event]) -> Vec<u8> {
    let mut out = Vec::new();
    for event in events {
        let (tag, body) = match event {
            Event::Put(entry) => (0, row(entry)),
            Event::Delete {
                cause: DeleteCause::Expired,
                ..
            } => (2, Vec::new()),
            Event::Delete { .. } => (1, Vec::new()),
        };
        out.put_u8(tag);
        put_chunk(&mut out, event.key().as_str().as_bytes());
        put_chunk(&mut out, &body);
    }
    out
}

/// Values and keys are far below 4 GiB.
fn put_chunk(out: &mut Vec<u8>, bytes: &[u8]) {
    out.put_u32(bytes.len() as u32);
    out.put_slice(bytes);
}

pub(super) fn events(revision: u64, mut record: &[u8]) -> Result<Vec<Event>, StoreError> {
    let corrupt = || corrupted(format_args!("the log's record of revision {revision}"));
    let mut out = Vec::new();
    while let Some((tag, rest)) = record.split_first() {
        let (text, rest) = chunk(rest).ok_or_else(corrupt)?;
        let (body, rest) = chunk(rest).ok_or_else(corrupt)?;
        let text = std::str::from_utf8(text).map_err(|_| corrupt())?;
        let deleted = |cause| {
            Ok::<_, StoreError>(Event::Delete {
                key: key(text)?,
                cause,
            })
        };
        out.push(match tag {
            0 => Event::Put(entry(text, body)?),
            1 => deleted(DeleteCause::Explicit)?,
            2 => deleted(DeleteCause::Expired)?,
            _ => return Err(corrupt()),
        });
        record = rest;
    }
    Ok(out)
}

fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_be_bytes(*len) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = super::events(1, &bytes);
            let _ = super::entry("k", &bytes);
            let mut shaped = vec![0, 0, 0, 0, 1, b'k', 0, 0, 0, bytes.len() as u8];
            shaped.extend(&bytes);
            prop_assert_eq!(super::events(1, &shaped).is_ok(), bytes.len() >= super::ROW_HEAD);
        }
    }
}
