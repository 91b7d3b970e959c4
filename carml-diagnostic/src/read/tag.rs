//! What YAML's own tags make of a value.

use super::scalar;
use saphyr_parser::Tag;
use serde_json::{Number, Value};

/// The suffixes of the tags that a sequence may have.
pub(super) const LISTS: [&str; 3] = ["seq", "omap", "pairs"];

/// The suffixes of the tags that a mapping may have.
pub(super) const MAPS: [&str; 2] = ["map", "set"];

/// What a tag makes of a scalar.
pub(super) enum Tagged {
    Value(Value),
    /// The text is not of the tag's type.
    Misfit(&'static str),
    /// The tag belongs to another program.
    Unknown,
}

/// The value of a scalar with a tag. What JSON has no type for, such as a date, is a string.
pub(super) fn scalar(tag: &Tag, text: &str) -> Tagged {
    if tag.handle.is_empty() && tag.suffix == "!" {
        return Tagged::Value(text.into());
    }
    if !tag.is_yaml_core_schema() {
        return Tagged::Unknown;
    }
    let plain = || scalar::plain(text).ok();
    let (value, wanted) = match tag.suffix.as_str() {
        "str" | "binary" | "timestamp" => return Tagged::Value(text.into()),
        "int" => (plain().filter(|v| v.is_i64() || v.is_u64()), "an integer"),
        "float" => (
            plain()
                .and_then(|v| Number::from_f64(v.as_f64()?))
                .map(Value::Number),
            "a number",
        ),
        "bool" => (plain().filter(Value::is_boolean), "a boolean"),
        "null" => (plain().filter(Value::is_null), "null"),
        _ => return Tagged::Unknown,
    };
    value.map_or(Tagged::Misfit(wanted), Tagged::Value)
}

/// A tag as it is written.
pub(super) fn name(tag: &Tag) -> String {
    if tag.is_yaml_core_schema() {
        format!("!!{}", tag.suffix)
    } else {
        format!("{}{}", tag.handle, tag.suffix)
    }
}
