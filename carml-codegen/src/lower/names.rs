//! Names as a Rust programmer would choose them.

use heck::{ToSnakeCase, ToUpperCamelCase};

use crate::{ir::schema::Schema, schema::Options};

/// A schema's own name: the Rust type it names, its title if it is short enough for one, else the
/// property or definition it stands under.
pub(super) fn of(schema: &Schema, options: &Options) -> String {
    if let Some(rust_type) = &schema.rust_type
        && !options.crates.contains(&rust_type.krate)
        && let Some(last) = rust_type.path.rsplit("::").next()
    {
        return pascal(last);
    }
    pascal(title(schema).unwrap_or(&schema.hint))
}

/// The schema has a title to be named by, or is a definition.
pub(super) fn is_chosen(schema: &Schema) -> bool {
    let mut path = schema.place.rsplit('/').skip(1);
    title(schema).is_some() || matches!(path.next(), Some("definitions" | "$defs"))
}

/// The title, if it is short enough for a name.
pub(super) fn title(schema: &Schema) -> Option<&str> {
    let title = schema.about.title.as_deref();
    title.filter(|title| {
        title.len() <= 40
            && title.split_whitespace().count() <= 4
            && title.contains(|c: char| c.is_ascii_alphanumeric())
    })
}

/// A type's name: `max message-size` → `MaxMessageSize`.
pub(super) fn pascal(text: &str) -> String {
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
pub(super) fn snake(text: &str) -> String {
    let name: String = text
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

/// Gives each name a number behind it that stands earlier in the list too.
pub(super) fn distinct(names: impl IntoIterator<Item = String>) -> Vec<String> {
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

/// Names that generated code uses for something else.
pub(super) fn is_taken(name: &str) -> bool {
    matches!(
        name,
        "Self"
            | "Option"
            | "Vec"
            | "String"
            | "Box"
            | "Some"
            | "None"
            | "Ok"
            | "Err"
            | "Default"
            | "Deserialize"
            | "Serialize"
            | "Deserializer"
            | "Serializer"
            | "DeserializeOwned"
            | "Error"
            | "Result"
            | "Value"
            | "Number"
            | "Map"
            | "Loose"
            | "Integer"
            | "Regex"
            | "Clone"
            | "Copy"
            | "Debug"
            | "PartialEq"
            | "Eq"
            | "Hash"
            | "BTreeMap"
            | "HashMap"
            | "HashSet"
            | "LazyLock"
            | "Mutex"
            | "PoisonError"
            | "RangeBounds"
            | "TryFrom"
            | "Fn"
            // Type parameters of the functions beside the types.
            | "D"
            | "S"
            | "T"
    )
}
