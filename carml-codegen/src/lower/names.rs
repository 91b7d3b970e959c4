//! What a schema's type is called.

use crate::{ir::schema::Schema, options::Options};

pub(super) use crate::names::{distinct, pascal, snake};

/// A schema's own name: the Rust type that it names, its title if that is short enough, else the
/// name of its property or definition.
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
    title(schema).is_some() || schema.is_definition()
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

/// The type of secrets, in modules that have any.
pub(super) const SECRET: &str = "Secret";

/// Names that generated code uses itself.
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
            | "ObjectOr"
            | "ObjectDeserializer"
            | "Integer"
            | "Regex"
            | "Clone"
            | "Copy"
            | "Debug"
            | "PartialEq"
            | "Eq"
            | "Hash"
            | "BTreeMap"
            | "HashSet"
            | "LazyLock"
            | "RangeBounds"
            | "TryFrom"
            | "Fn"
            // Type parameters of the functions beside the types.
            | "D"
            | "S"
            | "T"
    )
}
