//! Lengths of time.

use std::{fmt, str::FromStr};

use carml_schema::scalar::duration;

use super::serde_text;

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
        duration::parse(text).map(Duration)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, nanos) in duration::UNITS {
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
        assert_eq!("1 m30 s".parse::<Duration>().unwrap().to_string(), "1m30s");
        for text in [
            "",
            "5",
            "5 parsecs",
            "5parsecs",
            "5  s",
            " 5s",
            "5s ",
            "1m 30s",
            "1s1m",
            "1s1s",
            "-1s",
            "99999999999999999999s",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
