//! Values as YAML on one line.

use serde_json::Value;

/// A value as it would be written on one line of YAML.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Array(list) => format!(
            "[{}]",
            list.iter().map(self::value).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(map) => {
            let all: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{}: {}", string(k), self::value(v)))
                .collect();
            if all.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", all.join(", "))
            }
        }
        other => other.to_string(),
    }
}

/// A string as a YAML scalar on one line.
pub(crate) fn string(text: &str) -> String {
    if text.chars().any(needs_escape) {
        return escaped(text);
    }
    // `<<` is a merge key. YAML 1.1 reads the words as booleans, and so do some readers, but for
    // `y` and `n`.
    match text.to_ascii_lowercase().as_str() {
        "<<" | "yes" | "no" | "on" | "off" => return format!("'{text}'"),
        "y" | "n" => return text.to_owned(),
        _ => {}
    }
    serde_yaml::to_string(text).map_or_else(
        |_| Value::String(text.to_owned()).to_string(),
        |yaml| yaml.strip_suffix('\n').unwrap_or(&yaml).to_owned(),
    )
}

/// Whether a reader may refuse a character, or take it for a line break as YAML 1.1 does.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// A string in double quotes, each special character as an escape that JSON and YAML share.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in Value::String(text.to_owned()).to_string().chars() {
        if needs_escape(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::value;
    use carml_diagnostic::{Format, Source};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(text: &str) -> Value {
        let read = Source::new("f.yml", text, Format::Yaml).read();
        read.unwrap_or_else(|report| panic!("{text}\n{report:?}"))
    }

    #[test]
    fn what_is_shown_is_read_as_the_same_value() {
        for text in [
            "",
            "y",
            "No",
            "017",
            "0o17",
            "1e3",
            "~",
            "a: b",
            "#",
            "- a",
            "<<",
            "*a",
            "\u{feff}",
            "\u{7f}\n",
            "\u{2028}",
            "\u{2029}a",
            "\u{85}",
            "\u{fffe}\u{ffff}",
        ] {
            let all = json!({ "a": text, "b": [text, { text: [] }] });
            assert_eq!(read(&value(&all)), all, "{}", value(&all));
        }
    }

    proptest! {
        #[test]
        fn any_string_is_read_as_itself(text in any::<String>()) {
            prop_assert_eq!(read(&value(&json!(text))), json!(text));
        }
    }
}
