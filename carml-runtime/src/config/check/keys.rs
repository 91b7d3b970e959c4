//! What the schema says about the place of a fault.

use crate::config::schema::{Node, Part, Schema, keys};
use jsonschema::ValidationError;

/// The schema object that holds the keyword of an error.
pub(super) fn owner<'a>(schema: &'a Schema, error: &ValidationError<'_>) -> Option<Node<'a>> {
    let keyword = match error.absolute_keyword_location() {
        Some(uri) => uri.as_str().to_owned(),
        None => format!("#{}", error.schema_path().as_str()),
    };
    let (above, _) = keyword.rsplit_once('/')?;
    schema.resolve(schema.root(), above)
}

/// The keys that the object at fault may have.
pub(super) fn known(schema: &Schema, error: &ValidationError<'_>) -> Vec<String> {
    let from = owner(schema, error).map(|node| Part { node, sure: true });
    let parts = schema.parts(from);
    keys(&parts).into_iter().map(str::to_owned).collect()
}
