//! Numbers of bytes.

use super::{leading_number, serde_text};
use std::fmt;
use std::str::FromStr;

/// Units with their bytes, as they are shown, largest first.
const UNITS: [(&str, u64); 9] = [
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

/// A number of bytes, written `500mb` (powers of 1,000) or `64KiB` (powers of 1,024). Shown in the
/// largest unit that divides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

impl ByteSize {
    /// This many bytes.
    pub const fn new(bytes: u64) -> ByteSize {
        ByteSize(bytes)
    }

    /// How many bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Whether it is 0.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = leading_number(text)?;
        let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
        match UNITS.iter().find(|u| u.0 == unit) {
            Some((_, bytes)) => number
                .checked_mul(*bytes)
                .map(ByteSize)
                .ok_or_else(|| format!("`{text}` is too large")),
            None if unit.is_empty() => Err(format!(
                "`{number}` has no unit: write `{number}b` for bytes"
            )),
            None if unit.starts_with('.') => {
                Err("integers only: write `1500mb` for one and a half gigabytes".to_owned())
            }
            None => Err(format!(
                "`{unit}` is not a unit of size: use b, kb, mb, gb, tb, kib, mib, gib or tib"
            )),
        }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS
            .iter()
            .find(|u| self.0 >= u.1 && self.0.is_multiple_of(u.1));
        let (unit, bytes) = unit.copied().unwrap_or(("b", 1));
        write!(f, "{}{unit}", self.0 / bytes)
    }
}

serde_text!(ByteSize);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::ByteSize;

    #[test]
    fn reads_units_of_both_kinds() {
        for (text, bytes, shown) in [
            ("500mb", 500_000_000, "500mb"),
            ("64KiB", 65_536, "64kib"),
            ("1 kb", 1_000, "1kb"),
            ("0b", 0, "0tib"),
        ] {
            let size: ByteSize = text.parse().unwrap();
            assert_eq!(size.bytes(), bytes);
            if bytes > 0 {
                assert_eq!(size.to_string(), shown);
            }
            assert_eq!(size.to_string().parse::<ByteSize>().unwrap(), size);
        }
        for text in ["", "500", "500mbb", "mb", "-1b", "99999999tb"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }
}
