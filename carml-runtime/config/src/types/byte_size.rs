//! Numbers of bytes.

use std::{fmt, str::FromStr};

use carml_schema::scalar::byte_size;

use super::serde_text;

/// A number of bytes, written `500mb` (powers of 1,000) or `64KiB` (powers of 1,024). Shown in the
/// largest unit that divides it.
///
/// # Examples
///
/// ```
/// use carml_config::ByteSize;
///
/// let size: ByteSize = "64 KiB".parse()?;
/// assert_eq!(size.bytes(), 65_536);
/// assert_eq!(ByteSize::new(4_000_000).to_string(), "4mb");
/// # Ok::<(), String>(())
/// ```
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
        byte_size::parse(text).map(ByteSize)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = byte_size::UNITS
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
