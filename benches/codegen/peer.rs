//! typify, as its own command line uses it.

use std::{fs, path::Path};

use schemars_08::schema::RootSchema;
use typify_impl::{TypeSpace, TypeSpaceSettings};

/// Formatted Rust, if typify has any for this schema. Panics where typify does.
pub(crate) fn convert(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let schema: RootSchema = serde_json::from_str(&text).ok()?;
    let mut space = TypeSpace::new(&TypeSpaceSettings::default());
    space.add_root_schema(schema).ok()?;
    let file = syn::parse2(space.to_stream()).ok()?;
    Some(prettyplease::unparse(&file))
}
