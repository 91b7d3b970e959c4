//! `oneOf` and `anyOf`.

mod tagged;
mod untagged;
mod untyped_object;

use serde_json::Value;

use super::Lowering;
use crate::ir::{
    schema::{Additional, Schema, SchemaId, Union},
    types::{NamedKind, Type},
};

impl Lowering<'_> {
    pub(super) fn union(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        let mut base = schema.clone();
        let unions = std::mem::take(&mut base.rules.unions);
        // These constrain the whole.
        base.rules.conditions.clear();
        base.rules.not.clear();
        let Some(union) = unions.first() else {
            return Type::Any;
        };
        let untyped = self.is_untyped_union(schema);
        let exclusive = union.exclusive && self.several_untyped(&union.branches);
        let mut branches = Vec::new();
        let one_applies = self.flatten(union, &mut branches, 0);
        if unions.len() > 1 || !one_applies || !schema.rules.conditions.is_empty() {
            // What is evaluated depends on more than the branch that is taken.
            base.rules.unevaluated = Additional::Open;
            base.rules.unevaluated_items = None;
        }
        // A self-reference adds no constraint.
        branches.retain(|branch| self.resolve(*branch) != id);
        if untyped || exclusive {
            self.require_objects(&mut branches);
        }
        if !base.rules.is_unconstrained() {
            base.about = Default::default();
            let base = self.graph.add(base);
            self.fragments.insert(base);
            for branch in &mut branches {
                *branch = self.intersection(*branch, base);
            }
        }
        branches.retain(|branch| !self.merge(*branch).rules.is_false);
        if let [only] = branches.as_slice() {
            return self.ty(*only);
        }
        self.name_branches(schema, &branches);
        let ty = self.discriminate(id, schema, &branches, name);
        if untyped {
            return Type::ObjectOr(Box::new(ty));
        }
        ty
    }

    fn discriminate(
        &mut self,
        id: SchemaId,
        schema: &Schema,
        branches: &[SchemaId],
        name: Option<&str>,
    ) -> Type {
        if let Some(keyed) = self.external(branches) {
            return self.define(id, schema, name, branches, |this, _| {
                NamedKind::Enum(this.variants(keyed))
            });
        }
        if let Some((tag, keyed)) = self.internal(branches) {
            return self.define(id, schema, name, branches, |this, _| {
                NamedKind::Tagged(tag, this.variants(keyed))
            });
        }
        self.define(id, schema, name, branches, |this, _| {
            NamedKind::Untagged(this.alternatives(branches))
        })
    }

    /// Replaces a branch that is only a union by its branches. Whether exactly one of them applies
    /// to a valid value.
    fn flatten(&self, union: &Union, into: &mut Vec<SchemaId>, depth: usize) -> bool {
        let mut one_applies = union.exclusive;
        for branch in &union.branches {
            match self.inner(*branch) {
                Some(inner) if depth < 8 => {
                    let rules = &self.graph.get(*branch).rules;
                    one_applies &= !rules.open_over_all && !rules.items_over_all;
                    one_applies &= self.flatten(inner, into, depth + 1);
                }
                _ if !into.contains(branch) => into.push(*branch),
                _ => {}
            }
        }
        one_applies
    }

    /// The union that a schema consists of.
    pub(super) fn inner(&self, id: SchemaId) -> Option<&Union> {
        let schema = self.graph.get(id);
        let mut rest = schema.rules.clone();
        let unions = std::mem::take(&mut rest.unions);
        let inline =
            schema.reference.is_none() && schema.all_of.is_empty() && schema.secret.is_none();
        match unions.as_slice() {
            [_] if inline && rest.is_unconstrained() => schema.rules.unions.first(),
            _ => None,
        }
    }

    /// Names branches that have no name of their own after what only they require.
    fn name_branches(&mut self, schema: &Schema, branches: &[SchemaId]) {
        let merged: Vec<_> = branches.iter().map(|branch| self.merge(*branch)).collect();
        for (index, branch) in branches.iter().enumerate() {
            let own = self.graph.get(*branch);
            if own.about.title.is_some() || own.hint != schema.hint {
                continue;
            }
            let rules = &merged[index].rules;
            let others = || merged.iter().enumerate().filter(|(at, _)| *at != index);
            let constant = rules.properties.values().find_map(|property| {
                let values = self.graph.get(*property).rules.values.as_deref();
                match values {
                    Some([Value::String(text)]) => Some(text.clone()),
                    _ => None,
                }
            });
            let required = || {
                let mut keys = rules.required.iter();
                keys.find(|key| !others().any(|(_, other)| other.rules.required.contains(*key)))
            };
            let property = || {
                let mut keys = rules.properties.keys();
                keys.find(|key| !others().any(|(_, o)| o.rules.properties.contains_key(*key)))
            };
            let word = constant
                .or_else(|| required().cloned())
                .or_else(|| property().cloned());
            if let Some(word) = word {
                let hint = format!("{}_{word}", schema.hint);
                self.graph.schemas[branch.0].hint.clone_from(&hint);
                self.merged.remove(branch);
            }
        }
    }
}
