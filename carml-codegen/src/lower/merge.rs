//! One schema from a reference, `allOf` and what stands beside them.

use std::collections::BTreeSet;

use super::Lowering;
use crate::ir::schema::{Additional, Schema, SchemaId};

/// Nothing beside the reference constrains the value.
pub(super) fn is_bare(schema: &Schema) -> bool {
    schema.types.is_empty()
        && schema.values.is_none()
        && schema.properties.is_empty()
        && schema.required.is_empty()
        && schema.additional == Additional::Open
        && schema.items.is_none()
        && !schema.tuple
        && !schema.patterned
        && schema.one_of.is_empty()
        && schema.any_of.is_empty()
        && schema.all_of.is_empty()
        && schema.unread.is_none()
}

impl Lowering<'_> {
    /// What the schema says with its reference and its `allOf` taken in.
    pub(super) fn merge(&self, id: SchemaId) -> Result<Schema, String> {
        let mut merged = self.graph.get(id).clone();
        let mut seen = BTreeSet::from([id]);
        let mut pending: Vec<SchemaId> = merged
            .reference
            .into_iter()
            .chain(merged.all_of.clone())
            .collect();
        while let Some(next) = pending.pop() {
            if !seen.insert(next) {
                return Err("`allOf` leads back to itself".to_owned());
            }
            let part = self.graph.get(next);
            pending.extend(part.reference.iter().chain(&part.all_of));
            take_in(&mut merged, part)?;
        }
        match merged.unread.take() {
            Some(reason) => Err(reason),
            None => Ok(merged),
        }
    }
}

fn take_in(merged: &mut Schema, part: &Schema) -> Result<(), String> {
    merged.title = merged.title.take().or_else(|| part.title.clone());
    merged.description = merged
        .description
        .take()
        .or_else(|| part.description.clone());
    merged.unread = merged.unread.take().or_else(|| part.unread.clone());
    merged.scalar = merged.scalar.take().or_else(|| part.scalar.clone());
    merged.minimum = merged.minimum.or(part.minimum);
    if merged.types.is_empty() {
        merged.types.clone_from(&part.types);
    } else if !part.types.is_empty() {
        merged.types = merged.types.intersection(&part.types).copied().collect();
        if merged.types.is_empty() {
            return Err("`allOf` asks for two types at once".to_owned());
        }
    }
    match (&merged.values, &part.values) {
        (None, Some(values)) => merged.values = Some(values.clone()),
        (Some(ours), Some(theirs)) => {
            merged.values = Some(
                ours.iter()
                    .filter(|value| theirs.contains(value))
                    .cloned()
                    .collect(),
            );
        }
        _ => {}
    }
    for (name, property) in &part.properties {
        let present = merged.properties.entry(name.clone()).or_insert(*property);
        if present != property {
            return Err(format!("`allOf` describes `{name}` twice"));
        }
    }
    merged.required.extend(part.required.iter().cloned());
    match (merged.additional, part.additional) {
        (Additional::Open, theirs) => merged.additional = theirs,
        (Additional::Typed(ours), Additional::Typed(theirs)) if ours != theirs => {
            return Err("`allOf` describes further keys twice".to_owned());
        }
        (_, Additional::Closed) => merged.additional = Additional::Closed,
        _ => {}
    }
    merged.patterned |= part.patterned;
    merged.tuple |= part.tuple;
    merged.items = merged.items.or(part.items);
    for (ours, theirs) in [
        (&mut merged.one_of, &part.one_of),
        (&mut merged.any_of, &part.any_of),
    ] {
        if !ours.is_empty() && !theirs.is_empty() {
            return Err("`allOf` holds two unions".to_owned());
        }
        ours.extend(theirs);
    }
    Ok(())
}
