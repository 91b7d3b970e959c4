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

/// The time at which a call ends, whatever it waits for.
pub(crate) struct Deadline(Pin<Box<Sleep>>);

impl Deadline {
    /// A deadline that begins to run now.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Box::pin(tokio::time::sleep(timeout)))
    }

    /// The deadline that a caller sends along.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        timeout(headers).map(Self::after)
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

/// The header `grpc-timeout`: at most eight digits and a unit; anything else is not a deadline.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", text.parse().expect("a header"));
        timeout(&headers)
    }

    #[test]
    fn a_timeout_has_up_to_eight_digits_and_a_unit() {
        assert_eq!(parsed("20m"), Some(Duration::from_millis(20)));
        assert_eq!(
            parsed("99999999H"),
            Some(Duration::from_secs(359_999_996_400))
        );
        for wrong in ["", "m", "1", "-1m", "123456789S", "1x"] {
            assert_eq!(parsed(wrong), None, "{wrong:?}");
        }
    }
}
