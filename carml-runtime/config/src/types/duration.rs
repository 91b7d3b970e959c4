//! Lengths of time.

use super::{leading_number, serde_text};
use std::fmt;
use std::str::FromStr;

/// The units of a duration with their nanoseconds, largest first.
const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A length of time, written `5s`, `1m30s`, `250ms`. Shown in the fewest units.
///
/// ```
/// use carml_config::Duration;
///
/// let timeout: Duration = "1m30s".parse()?;
/// assert_eq!(std::time::Duration::from(timeout).as_secs(), 90);
/// assert_eq!(Duration::from(std::time::Duration::from_millis(1500)).to_string(), "1s500ms");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(std::time::Duration);

impl Duration {
    /// A duration of the standard library.
    pub const fn new(duration: std::time::Duration) -> Duration {
        Duration(duration)
    }

    /// The same as a duration of the standard library.
    pub const fn get(self) -> std::time::Duration {
        self.0
    }

    /// Whether it is 0.
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl From<std::time::Duration> for Duration {
    fn from(duration: std::time::Duration) -> Duration {
        Duration(duration)
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> std::time::Duration {
        duration.0
    }
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let mut last = u128::MAX;
        let mut total: u128 = 0;
        while !rest.is_empty() || last == u128::MAX {
            let (number, after) = leading_number(rest)?;
            let end = after
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(after.len());
            let (unit, next) = after.split_at(end);
            let Some((_, nanos)) = UNITS.iter().find(|u| u.0 == unit) else {
                return Err(match unit {
                    "" => format!("`{number}` has no unit: write `{number}s` for seconds"),
                    unit if unit.starts_with('.') => {
                        "integers only: write `1500ms` for one and a half seconds".to_owned()
                    }
                    unit if UNITS.iter().any(|u| u.0 == unit.trim()) => {
                        format!("no space before the unit: write `{number}{}`", unit.trim())
                    }
                    unit => {
                        let unit = unit.trim();
                        format!("`{unit}` is not a unit of time: use ns, us, ms, s, m, h or d")
                    }
                });
            };
            if *nanos >= last {
                return Err(format!(
                    "`{text}`: each unit may appear once, the largest first"
                ));
            }
            last = *nanos;
            total += u128::from(number) * nanos;
            rest = next;
        }
        let seconds =
            u64::try_from(total / 1_000_000_000).map_err(|_| format!("`{text}` is too long"))?;
        let nanos =
            u32::try_from(total % 1_000_000_000).map_err(|_| format!("`{text}` is too long"))?;
        Ok(Duration(std::time::Duration::new(seconds, nanos)))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, nanos) in UNITS {
            if rest >= nanos {
                write!(f, "{}{unit}", rest / nanos)?;
                rest %= nanos;
            }
        }
        Ok(())
    }
}

serde_text!(Duration);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Duration;

    #[test]
    fn converts_both_ways() {
        let second = std::time::Duration::from_secs(1);
        let duration = Duration::from(second);
        assert_eq!(std::time::Duration::from(duration), second);
    }

    #[test]
    fn reads_and_writes_its_text() {
        for text in ["5s", "1m30s", "250ms", "0s", "1d2h", "7us3ns"] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "5",
            "5 parsecs",
            "5parsecs",
            "1s1m",
            "1s1s",
            "-1s",
            "99999999999999999999s",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
