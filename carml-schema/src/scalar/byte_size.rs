//! Numbers of bytes: `500mb`.

use super::{SPACE, leading_integer};

/// Units with their bytes, as they are shown, largest first.
pub const UNITS: [(&str, u64); 9] = [
    ("tib", 1 << 40),
    ("tb", 1_000_000_000_000),
    ("gib", 1 << 30),
    ("gb", 1_000_000_000),
    ("mib", 1 << 20),
    ("mb", 1_000_000),
    ("kib", 1 << 10),
    ("kb", 1_000),
    ("b", 1),
];

/// The number of bytes that a string stands for.
///
/// # Errors
///
/// What is wrong with the string.
pub fn parse(text: &str) -> Result<u64, String> {
    let (number, unit) = leading_integer(text)?;
    let unit = unit.to_ascii_lowercase();
    match UNITS.iter().find(|u| u.0 == unit) {
        Some((_, bytes)) => number
            .checked_mul(*bytes)
            .ok_or_else(|| format!("`{text}` is too large")),
        None if unit.is_empty() => Err(format!(
            "`{number}` has no unit: write `{number}b` for bytes"
        )),
        None if unit.starts_with('.') => {
            Err("integers only: write `1500mb` for one and a half gigabytes".to_owned())
        }
        None if UNITS.iter().any(|u| u.0 == unit.trim()) => Err(SPACE.to_owned()),
        None => Err(format!(
            "`{unit}` is not a unit of size: use b, kb, mb, gb, tb, kib, mib, gib or tib"
        )),
    }
}
