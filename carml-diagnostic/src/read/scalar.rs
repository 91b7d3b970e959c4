//! What an unquoted YAML scalar means: YAML 1.2's core schema, and what most readers take beside it
//! (`0b11`, `-0xF`).

use serde_json::{Number, Value};

/// Why a plain scalar has no value.
pub(crate) enum Refused {
    /// NaN or an infinity: JSON has none.
    NotFinite,
    /// An integer beyond 64 bits.
    OutOfRange,
}

pub(crate) fn plain(text: &str) -> Result<Value, Refused> {
    match text.as_bytes().first() {
        None => return Ok(Value::Null),
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => {}
        Some(b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F') => {
            return Ok(match text {
                "~" | "null" | "Null" | "NULL" => Value::Null,
                "true" | "True" | "TRUE" => Value::Bool(true),
                "false" | "False" | "FALSE" => Value::Bool(false),
                _ => Value::String(text.to_owned()),
            });
        }
        Some(_) => return Ok(Value::String(text.to_owned())),
    }
    number(text).unwrap_or_else(|| Ok(Value::String(text.to_owned())))
}

fn number(text: &str) -> Option<Result<Value, Refused>> {
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, bare) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits),
    };
    if !bare.is_empty() && bare.bytes().all(|b| (b as char).is_digit(radix)) {
        return Some(
            integer(negative, bare, radix)
                .map(Value::Number)
                .ok_or(Refused::OutOfRange),
        );
    }
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Err(Refused::NotFinite));
    }
    if radix != 10
        || digits.starts_with(['+', '-'])
        || !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        return None;
    }
    let float: f64 = text.parse().ok()?;
    let number = Number::from_f64(float).ok_or(Refused::NotFinite);
    Some(number.map(Value::Number))
}

fn integer(negative: bool, digits: &str, radix: u32) -> Option<Number> {
    if negative {
        let wide = i128::from_str_radix(digits, radix).ok()?;
        i64::try_from(-wide).ok().map(Number::from)
    } else {
        u64::from_str_radix(digits, radix).ok().map(Number::from)
    }
}
