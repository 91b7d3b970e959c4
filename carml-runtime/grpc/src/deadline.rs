//! When a call ends at the latest, and the header in which its caller says so.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::HeaderMap;
use http_body::Frame;
use tokio::time::{Instant, Sleep};

/// The header in which a caller says how long it waits.
pub(crate) const HEADER: &str = "grpc-timeout";

/// The time at which a call ends, whatever it waits for.
pub(crate) struct Deadline(Pin<Box<Sleep>>);

impl Deadline {
    /// A deadline that begins to run now.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Box::pin(tokio::time::sleep(timeout)))
    }

    /// The deadline that a caller sends along.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        timeout(headers).ok().flatten().map(Self::after)
    }

    pub(crate) fn is_before(&self, other: &Self) -> bool {
        self.0.deadline() < other.0.deadline()
    }

    /// Ready once it has passed; for a call that waits.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }

    /// Whether it has passed before this frame; for a body that always has more, and so is never
    /// waited for. The body's own end is let through.
    pub(crate) fn refuses<T>(&self, frame: &Frame<T>) -> bool {
        frame.is_data() && self.0.deadline() <= Instant::now()
    }
}

/// Not a timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The timeout of a request: at most eight digits and a unit.
pub(crate) fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Malformed> {
    match headers.get(HEADER) {
        None => Ok(None),
        Some(value) => parse(value.as_bytes()).map(Some).ok_or(Malformed),
    }
}

fn parse(text: &[u8]) -> Option<Duration> {
    let (unit, digits) = text.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count = digits
        .iter()
        .fold(0, |count, digit| count * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'H' => Duration::from_secs(count * 3600),
        b'M' => Duration::from_secs(count * 60),
        b'S' => Duration::from_secs(count),
        b'm' => Duration::from_millis(count),
        b'u' => Duration::from_micros(count),
        b'n' => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Option<Duration>, Malformed> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, text.parse().expect("a header"));
        timeout(&headers)
    }

    #[test]
    fn a_timeout_has_up_to_eight_digits_and_a_unit() {
        assert_eq!(parsed("20m"), Ok(Some(Duration::from_millis(20))));
        assert_eq!(
            parsed("99999999H"),
            Ok(Some(Duration::from_secs(359_999_996_400)))
        );
        for wrong in ["", "m", "1", "-1m", "123456789S", "1x"] {
            assert_eq!(parsed(wrong), Err(Malformed), "{wrong:?}");
        }
        assert_eq!(timeout(&HeaderMap::new()), Ok(None));
    }
}
