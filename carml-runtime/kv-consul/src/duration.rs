//! Durations as Consul writes them: `1h30m`, `1500ms`.

use std::time::Duration;

/// `None`: the text is not a duration.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit());
        let (unit, after) = rest.split_at(end.unwrap_or(rest.len()));
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        sum += Duration::try_from_secs_f64(number * seconds).ok()?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

/// In whole milliseconds, and not less.
pub(crate) fn write(duration: Duration) -> String {
    format!("{}ms", duration.as_micros().div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_come_back_and_are_never_shorter() {
        for (text, expected) in [
            ("10s", 10_000),
            ("1m0s", 60_000),
            ("24h0m0s", 86_400_000),
            ("1500ms", 1500),
            ("1.5s", 1500),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(expected)), "{text}");
        }
        for wrong in ["", "s", "10", "10x", "1s2"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(write(Duration::from_micros(1001)), "2ms");
        assert_eq!(parse(&write(Duration::from_secs(7))).unwrap().as_secs(), 7);
    }
}
