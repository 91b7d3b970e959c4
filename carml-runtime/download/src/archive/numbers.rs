//! Numbers in headers. What does not parse is an error, not 0.

use super::breach::Stop;
use crate::Rule;

/// A field of a tar header: octal digits with spaces and NULs around them, or GNU's binary form.
pub(super) fn tar_field(field: &[u8]) -> Result<u64, Stop> {
    let invalid = || Stop::breach(Rule::Header, "a number in a header does not parse");
    match field {
        [first, rest @ ..] if first & 0x80 != 0 => {
            // 0xff begins a negative number.
            let start = u64::from(first & 0x7f);
            rest.iter().try_fold(start, |number, byte| {
                let shifted = number.checked_mul(256).ok_or_else(invalid)?;
                Ok(shifted + u64::from(*byte))
            })
        }
        field => {
            let end = field
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(field.len());
            let (digits, padding) = field.split_at(end);
            let text = std::str::from_utf8(digits)
                .map_err(|_| invalid())?
                .trim_matches(' ');
            let is_padded = padding.iter().all(|byte| matches!(byte, 0 | b' '));
            if !is_padded || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(invalid());
            }
            if text.is_empty() {
                return Ok(0);
            }
            u64::from_str_radix(text, 8).map_err(|_| invalid())
        }
    }
}

/// Decimal digits alone.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text)
        .ok()
        .filter(|_| is_number)?
        .parse()
        .ok()
}
