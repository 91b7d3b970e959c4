//! What the alternatives allow at a place.

use super::super::type_mismatch;
use super::super::wording::types;
use super::named_item::options;
use super::{Branch, Choice};
use jsonschema::error::ValidationErrorKind as Violation;
use serde_json::Value;

/// The values and the types of values that the alternatives allow.
pub(super) struct Allowed {
    pub(super) values: Vec<Value>,
    pub(super) types: Vec<String>,
}

impl Allowed {
    pub(super) fn of(choice: Choice<'_>) -> Self {
        let mut values = constants(choice.branches, choice.at);
        let options = options(choice);
        for key in &options {
            let named = Value::String(format!("{key}: …"));
            if !values.contains(&named) {
                values.push(named);
            }
        }
        let mut types = types_at(choice.branches, choice.at);
        types.retain(|name| options.is_empty() || name != "a mapping");
        Self { values, types }
    }
}

/// The values that the alternatives allow at a pointer.
pub(super) fn constants(branches: &[&Branch], at: &str) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    let mut add = |value: &Value| {
        if !found.contains(value) {
            found.push(value.clone());
        }
    };
    for error in branches.iter().copied().flatten() {
        if error.instance_path().as_str() != at {
            continue;
        }
        match error.kind() {
            Violation::Constant { expected_value } => add(expected_value),
            Violation::Enum { options } => {
                options.as_array().into_iter().flatten().for_each(&mut add);
            }
            _ => {}
        }
    }
    found
}

/// The types of values that the alternatives allow at a pointer.
fn types_at(branches: &[&Branch], at: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for error in branches.iter().copied().flatten() {
        if let Violation::Type { kind } = error.kind()
            && error.instance_path().as_str() == at
        {
            let word = types(&type_mismatch::wanted(kind));
            if !found.contains(&word) {
                found.push(word);
            }
        }
    }
    found
}
