//! Values as YAML on one line.

use carml_diagnostic::{Format, Source};
use serde_json::{Value, json};

/// A value as it would be written on one line of YAML.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        other => nested(other),
    }
}

/// A value between brackets, where more characters have a meaning.
fn nested(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text, &format!("[{text}]"), &json!([text])),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(nested).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let key = |key: &String| nested(&Value::String(key.clone()));
            let entry = |(k, value)| format!("{}: {}", key(k), nested(value));
            let entries: Vec<String> = map.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// A string as a YAML scalar on one line.
pub(crate) fn string(text: &str) -> String {
    scalar(text, text, &json!(text))
}

/// A string without quotes, if the document `plain` is read as `expected`.
fn scalar(text: &str, plain: &str, expected: &Value) -> String {
    if text.chars().any(needs_escape) {
        return escaped(text);
    }
    let same = || {
        let read = Source::new("", plain, Format::Yaml).read();
        read.is_ok_and(|value| value == *expected)
    };
    if !may_be_another_value(text) && same() {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Whether some reader, or some place in a document, gives a plain scalar another meaning. YAML 1.1
/// reads words as booleans; so do some readers, but for `y` and `n`.
fn may_be_another_value(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "<<", "~", "false", "no", "null", "off", "on", "true", "yes", "...",
    ];
    let word = text.to_ascii_lowercase();
    let number = word.strip_prefix(['+', '-']).unwrap_or(&word);
    let in_radix = |prefix, radix| {
        let digits: Option<&str> = number.strip_prefix(prefix);
        digits.is_some_and(|digits| u128::from_str_radix(digits, radix).is_ok())
    };
    WORDS.contains(&word.as_str())
        || text.starts_with(['%', '|', '>', '@', '`', '?'])
        || text.starts_with("---")
        || matches!(number, ".inf" | ".nan")
        || in_radix("0x", 16)
        || in_radix("0o", 8)
        || in_radix("0b", 2)
        || number.parse::<f64>().is_ok_and(f64::is_finite)
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
    use proptest::prelude::*;

    use super::*;

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
            "#",
            "- a",
            "a, b",
            "[a",
            "a}",
            "a:b",
            "a #b",
            "a: b",
            "it's",
            "|",
            "%a",
            "---",
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

    #[test]
    fn quotes_are_for_what_another_reader_could_take_for_another_value() {
        for (text, shown) in [
            ("a word", "a word"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("^[a-z]{2},", "^[a-z]{2},"),
            ("1.2.3", "1.2.3"),
            ("1m30s", "1m30s"),
            ("NULL", "'NULL'"),
            ("0x1f", "'0x1f'"),
            ("1.0", "'1.0'"),
            ("017", "'017'"),
            ("-.inf", "'-.inf'"),
        ] {
            assert_eq!(string(text), shown);
        }
        assert_eq!(value(&json!(["a, b", "c"])), "['a, b', c]");
    }

    proptest! {
        #[test]
        fn any_string_is_read_as_itself(text in any::<String>()) {
            let all = json!([text, { &text: text }]);
            prop_assert_eq!(read(&value(&json!(text))), json!(text));
            prop_assert_eq!(read(&value(&all)), all);
        }
    }
}
