//! Rates, as the config has them.

use std::time::Duration;

/// How many calls per time: `100/s`, `6000/m`, `10/h`.
pub(super) fn parse(text: &str) -> Option<(u64, Duration)> {
    let (calls, unit) = text.split_once('/')?;
    let per = match unit {
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        _ => return None,
    };
    let calls = calls.parse().ok().filter(|calls| *calls > 0)?;
    Some((calls, per))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        assert_eq!(parse("100/s"), Some((100, Duration::from_secs(1))));
        assert_eq!(parse("10/h"), Some((10, Duration::from_secs(3600))));
        for wrong in ["", "100", "0/s", "1/d", "-1/s", "1 / s", "x/s"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
