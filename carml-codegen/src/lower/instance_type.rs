//! Which types of JSON values a schema allows, and what it narrows.

use serde_json::Value;

use super::Lowering;
use crate::ir::schema::{Additional, InstanceType, Rules, Schema, SchemaId};

impl Lowering<'_> {
    /// Null is one of the values, beside others.
    pub(super) fn is_nullable(&mut self, schema: &Schema) -> bool {
        let rules = &schema.rules;
        let by_type = rules.types.contains(&InstanceType::Null);
        match &rules.values {
            Some(values) => {
                values.len() > 1
                    && values.contains(&Value::Null)
                    && (by_type || rules.types.is_empty())
            }
            None if !rules.types.is_empty() => by_type && rules.types.len() > 1,
            None => {
                let branches = rules.unions.iter().flat_map(|union| union.branches.clone());
                let branches: Vec<SchemaId> = branches.collect();
                let nulls = branches
                    .iter()
                    .filter(|branch| self.is_null(**branch))
                    .count();
                nulls > 0 && nulls < branches.len()
            }
        }
    }

    pub(super) fn is_null(&mut self, id: SchemaId) -> bool {
        let schema = self.merge(id);
        let rules = &schema.rules;
        rules.types.iter().eq([&InstanceType::Null])
            || rules.values.as_deref() == Some(&[Value::Null])
    }

    /// It describes objects and allows every other value.
    pub(super) fn is_untyped_object(&mut self, schema: &Schema) -> bool {
        let rules = &schema.rules;
        rules.types.is_empty()
            && rules.values.is_none()
            && is_structured(rules)
            && !self.forces_object(rules)
    }

    /// Every branch of a union requires an object.
    fn forces_object(&mut self, rules: &Rules) -> bool {
        rules.unions.iter().any(|union| {
            union.branches.iter().all(|branch| {
                let branch = self.merge(*branch);
                branch.rules.types.iter().eq([&InstanceType::Object])
            })
        })
    }

    /// The branches only narrow the keywords beside the union, or agree on the one type of scalar
    /// that they narrow: that type.
    pub(super) fn narrowed(&mut self, rules: &Rules) -> Option<Option<InstanceType>> {
        let mut kind = match rules.types.len() {
            0 => None,
            1 => rules.types.first().copied(),
            _ => return None,
        };
        let mut untyped = false;
        for branch in rules.unions.iter().flat_map(|union| &union.branches) {
            let branch = self.merge(*branch);
            let branch = &branch.rules;
            let narrows = branch.values.is_none()
                && branch.properties.is_empty()
                && branch.patterns.is_empty()
                && branch.additional == Additional::Open
                && branch.items.is_none()
                && branch.prefix.is_empty()
                && branch.unions.is_empty()
                && branch.unsupported.is_none();
            if !narrows || branch.types.len() > 1 {
                return None;
            }
            match (kind, branch.types.first().copied()) {
                (_, None) => untyped = true,
                (None, Some(theirs)) => kind = Some(theirs),
                (Some(ours), Some(theirs)) if ours == theirs => {}
                _ => return None,
            }
        }
        if untyped && rules.types.is_empty() {
            return Some(None);
        }
        Some(kind)
    }
}

/// There are named properties.
pub(super) fn is_structured(rules: &Rules) -> bool {
    !rules.properties.is_empty()
}

/// The only type that is allowed.
pub(super) fn only(rules: &Rules) -> Option<InstanceType> {
    let first = rules.types.first()?;
    (rules.types.len() == 1).then_some(*first)
}

/// The type of a value.
pub(super) fn of(value: &Value) -> InstanceType {
    match value {
        Value::Null => InstanceType::Null,
        Value::Bool(_) => InstanceType::Boolean,
        Value::Number(_) => InstanceType::Number,
        Value::String(_) => InstanceType::String,
        Value::Array(_) => InstanceType::Array,
        Value::Object(_) => InstanceType::Object,
    }
}

/// The schema for values of one type.
pub(super) fn restricted(schema: &Schema, kind: InstanceType) -> Schema {
    let mut part = schema.clone();
    part.rules.types = [kind].into();
    if let Some(values) = &mut part.rules.values {
        values.retain(|value| {
            of(value) == kind || kind == InstanceType::Integer && value.is_number()
        });
    }
    let rules = &mut part.rules;
    if kind != InstanceType::Object {
        rules.properties.clear();
        rules.patterns.clear();
        rules.required.clear();
        rules.additional = Additional::Open;
        rules.unevaluated = Additional::Open;
        rules.property_names = None;
        rules.dependent.clear();
        rules.bounds.keys = Default::default();
    }
    if kind != InstanceType::Array {
        rules.prefix.clear();
        rules.items = None;
        rules.contains.clear();
        rules.unevaluated_items = None;
        rules.unique = false;
        rules.bounds.items = Default::default();
    }
    if kind != InstanceType::String {
        rules.bounds.patterns.clear();
        rules.bounds.length = Default::default();
    }
    part
}
