//! The deadline that a caller sends along: the header `grpc-timeout`.

use std::time::Duration;

use http::HeaderMap;

/// At most eight digits and a unit; anything else is not a deadline.
pub(crate) fn of(headers: &HeaderMap) -> Option<Duration> {
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
        of(&headers)
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
