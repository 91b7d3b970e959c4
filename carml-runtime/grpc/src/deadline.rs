//! When a call ends at the latest, and the header in which its caller says so.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use tokio::time::{Instant, Sleep};

/// The header in which a caller says how long it waits.
pub const HEADER: &str = "grpc-timeout";

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

    /// The time.
    pub(crate) fn at(&self) -> Instant {
        self.0.deadline()
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
pub struct Malformed;

/// The timeout of a request: at most eight digits and a unit.
///
/// # Errors
///
/// A header that is something else.
pub fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Malformed> {
    match headers.get(HEADER) {
        None => Ok(None),
        Some(value) => parse(value.as_bytes()).map(Some).ok_or(Malformed),
    }
}

/// The header of a call that waits this long: never more, and a nanosecond at least.
pub fn header(timeout: Duration) -> HeaderValue {
    const MAX: u128 = 99_999_999;
    let units = [
        (timeout.as_nanos(), 'n'),
        (timeout.as_micros(), 'u'),
        (timeout.as_millis(), 'm'),
        (timeout.as_secs().into(), 'S'),
        ((timeout.as_secs() / 60).into(), 'M'),
        ((timeout.as_secs() / 3600).into(), 'H'),
    ];
    let fitting = units.into_iter().find(|(count, _)| *count <= MAX);
    let (count, unit) = fitting.unwrap_or((MAX, 'H'));
    let text = format!("{}{unit}", count.max(1));
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("1n"))
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

    #[test]
    fn a_timeout_is_written_with_the_finest_unit_that_fits() {
        for (nanos, text) in [
            (0, "1n"),
            (99_999_999, "99999999n"),
            (100_000_000, "100000u"),
            (2_000_000_000, "2000000u"),
            (100_000_000_000, "100000m"),
            (3_600_000_000_000_000, "3600000S"),
        ] {
            assert_eq!(header(Duration::from_nanos(nanos)), text);
        }
        assert_eq!(header(Duration::MAX), "99999999H");
    }

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
