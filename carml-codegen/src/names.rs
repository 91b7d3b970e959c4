//! Names as a Rust programmer would write them.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// A type's name: `max message-size` → `MaxMessageSize`.
pub(crate) fn pascal(text: &str) -> String {
    let name: String = text
        .to_upper_camel_case()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    match name.chars().next() {
        None => signs(text).unwrap_or_else(|| "Value".to_owned()),
        Some(first) if first.is_ascii_digit() => format!("N{name}"),
        Some(_) => name,
    }
}

/// Signs by their names: `>=` → `GreaterEqual`.
fn signs(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("Empty".to_owned());
    }
    let name = |c| {
        Some(match c {
            '*' => "Star",
            '+' => "Plus",
            '-' => "Minus",
            '/' => "Slash",
            '\\' => "Backslash",
            '<' => "Less",
            '>' => "Greater",
            '=' => "Equal",
            '!' => "Not",
            '.' => "Dot",
            ',' => "Comma",
            ';' => "Semicolon",
            ':' => "Colon",
            '|' => "Pipe",
            '&' => "And",
            '%' => "Percent",
            '#' => "Hash",
            '@' => "At",
            '~' => "Tilde",
            '^' => "Caret",
            '?' => "Question",
            '$' => "Dollar",
            '_' => "Underscore",
            _ => return None,
        })
    };
    text.chars().map(name).collect()
}

/// A field's name, without the `r#` that a keyword needs.
pub(crate) fn snake(text: &str) -> String {
    let name: String = plural_acronyms(text)
        .to_snake_case()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    match name.chars().next() {
        None => "value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{name}"),
        Some(_) => name,
    }
}

/// `materialIDs` → `materialIDS`: an acronym in the plural is one word.
fn plural_acronyms(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = chars.clone();
    for (at, window) in chars.windows(3).enumerate() {
        let ends = chars.get(at + 3).is_none_or(|next| !next.is_lowercase());
        if window[0].is_uppercase() && window[1].is_uppercase() && window[2] == 's' && ends {
            out[at + 2] = 'S';
        }
    }
    out.into_iter().collect()
}

/// Appends a number to each name that appears earlier in the list.
pub(crate) fn distinct(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let mut distinct = Vec::new();
    for wish in names {
        let mut name = wish.clone();
        let mut count = 1;
        while !seen.insert(name.clone()) {
            count += 1;
            name = format!("{wish}{count}");
        }
        distinct.push(name);
    }
    distinct
}
