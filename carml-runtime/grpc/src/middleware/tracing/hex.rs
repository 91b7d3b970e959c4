//! Ids as they are written.

const DIGITS: [u8; 16] = *b"0123456789abcdef";

/// Two digits for each byte.
pub(super) fn of<const N: usize>(bytes: [u8; N]) -> [[u8; 2]; N] {
    bytes.map(|byte| {
        [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]
    })
}

pub(super) fn text(digits: &[[u8; 2]]) -> &str {
    std::str::from_utf8(digits.as_flattened()).unwrap_or_default()
}
