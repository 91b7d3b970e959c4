//! The bytes of rows and log records.
use bytes::{BufMut, Bytes};

use crate::kv::{Cause, Entry, Event, Key, LeaseId, Revision};

const ROW_HEAD: usize = 16;

/// A row: revision, lease (0: none), value.
pub(super) fn row(revision: u64, lease: u64, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(ROW_HEAD + value.len());
    out.put_u64(revision);
    out.put_u64(lease);
    out.put_slice(value);
    out
}

/// Revision and lease of a row.
pub(super) fn head(row: &[u8]) -> Option<(u64, u64)> {
    let revision = u64::from_be_bytes(row.get(..8)?.try_into().ok()?);
    Some((
        revision,
        u64::from_be_bytes(row.get(8..ROW_HEAD)?.try_into().ok()?),
    ))
}

pub(super) fn entry(key: &str, row: &[u8]) -> Option<Entry> {
    let (revision, lease) = head(row)?;
    Some(Entry {
        key: Key::parse(key).ok()?,
        value: Bytes::copy_from_slice(row.get(ROW_HEAD..)?),
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
            Event::Put(e) => (0, row(e.revision.0, e.lease.map_or(0, |l| l.0), &e.value)),
            Event::Delete {
                cause: Cause::Expired,
                ..
            } => (2, Vec::new()),
            Event::Delete { .. } => (1, Vec::new()),
        };
        let key = event.key().as_str();
        out.put_u8(tag);
        out.put_u32(key.len() as u32);
        out.put_slice(key.as_bytes());
        out.put_u32(body.len() as u32);
        out.put_slice(&body);
    }
    out
}

pub(super) fn events(mut record: &[u8]) -> Option<Vec<Event>> {
    let mut out = Vec::new();
    while let Some((tag, rest)) = record.split_first() {
        let (key, rest) = chunk(rest)?;
        let (body, rest) = chunk(rest)?;
        let key = std::str::from_utf8(key).ok()?;
        out.push(match tag {
            0 => Event::Put(entry(key, body)?),
            1 => Event::Delete {
                key: Key::parse(key).ok()?,
                cause: Cause::Explicit,
            },
            _ => Event::Delete {
                key: Key::parse(key).ok()?,
                cause: Cause::Expired,
            },
        });
        record = rest;
    }
    Some(out)
}

fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_at_checked(4)?;
    rest.split_at_checked(u32::from_be_bytes(len.try_into().ok()?) as usize)
}
