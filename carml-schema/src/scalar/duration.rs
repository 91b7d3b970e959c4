//! Durations: `1m30s`.

use std::time::Duration;

use super::{SPACE, leading_integer};

/// The units of a duration with their nanoseconds, largest first.
pub const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The duration that a string stands for.
///
/// # Errors
///
/// What is wrong with the string.
pub fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text;
    let mut last = u128::MAX;
    let mut total: u128 = 0;
    while !rest.is_empty() || last == u128::MAX {
        let (number, after) = leading_integer(rest)?;
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
                unit if UNITS.iter().any(|u| u.0 == unit.trim()) => SPACE.to_owned(),
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
    Ok(Duration::new(seconds, nanos))
}
