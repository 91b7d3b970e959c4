//! Durations and sizes that are readable, and out of range.

use super::Rules;
use crate::{ByteSize, Duration};
use carml_diagnostic::{Bound, Diagnostic, Kind};

/// Sizes, from the least to the greatest.
const SIZES: &[(&str, ByteSize, ByteSize)] = &[
    (
        "/download/max_size",
        ByteSize::new(1),
        ByteSize::new(u64::MAX),
    ),
    (
        "/download/rate_limit",
        ByteSize::new(1),
        ByteSize::new(u64::MAX),
    ),
    ("/grpc/server/window/connection", WINDOW.0, WINDOW.1),
    ("/grpc/server/window/stream", WINDOW.0, WINDOW.1),
    (
        "/grpc/server/max_header_list_size",
        ByteSize::new(1 << 10),
        ByteSize::new(16 << 20),
    ),
    (
        "/grpc/server/message_budget",
        ByteSize::new(1 << 20),
        ByteSize::new(u64::MAX),
    ),
    (
        "/store/part_size",
        ByteSize::new(5 << 20),
        ByteSize::new(5 << 30),
    ),
];

/// What HTTP/2 allows for a connection.
const WINDOW: (ByteSize, ByteSize) = (ByteSize::new(64 << 10), ByteSize::new((1 << 31) - 1));

/// Durations in which nothing could happen if they were 0.
const NONZERO: &[&str] = &[
    "/download/connect_timeout",
    "/download/deadline",
    "/download/timeout",
    "/grpc/server/handshake_timeout",
    "/grpc/server/keepalive/timeout",
    "/grpc/server/max_connection_age",
    "/grpc/server/max_connection_idle",
    "/health/interval",
    "/health/timeout",
    "/store/connect_timeout",
    "/store/timeout",
];

pub(super) fn check(rules: &mut Rules<'_>) {
    let value = rules.document.value();
    let text = |at: &str| value.pointer(at).and_then(|value| value.as_str());
    let mut found = Vec::new();
    for &(at, least, greatest) in SIZES {
        let size = text(at).and_then(|text| text.parse::<ByteSize>().ok());
        let bound = match size {
            Some(size) if size < least => Bound::AtLeast(least.to_string()),
            Some(size) if size > greatest => Bound::AtMost(greatest.to_string()),
            _ => continue,
        };
        found.push((at, bound));
    }
    for &at in NONZERO {
        let duration = text(at).and_then(|text| text.parse::<Duration>().ok());
        if duration.is_some_and(|duration| duration.get().is_zero()) {
            found.push((at, Bound::MoreThan("0".to_owned())));
        }
    }
    for (pointer, bound) in found {
        let at = pointer.to_owned();
        rules.add(Diagnostic::new(Kind::OutOfRange { at, bound }), pointer);
    }
}
