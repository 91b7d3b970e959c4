//! Alternatives that a key discriminates: internally and externally tagged enums.

use std::{collections::BTreeSet, rc::Rc};

use serde_json::Value;

use super::super::{Lowering, docs, instance_type, names};
use crate::ir::{
    schema::{Additional, InstanceType, Rules, Schema, SchemaId},
    types::{Docs, Variant},
};

/// A variant of an enum: its key, docs, and the schema of its options.
type Keyed = (String, Docs, Option<SchemaId>);

impl Lowering<'_> {
    pub(in crate::lower) fn variants(&mut self, keyed: Vec<Keyed>) -> Vec<Variant> {
        let names = names::distinct(keyed.iter().map(|(key, _, _)| names::pascal(key)));
        let keyed = keyed.into_iter().zip(names);
        keyed
            .map(|((key, docs, options), name)| Variant {
                key,
                docs: docs.beside(&name),
                name,
                deprecated: false,
                options: options.map(|options| self.ty(options)),
            })
            .collect()
    }

    /// Strings and objects with one required key: serde's externally tagged enum.
    pub(in crate::lower) fn external(&mut self, branches: &[SchemaId]) -> Option<Vec<Keyed>> {
        let mut variants: Vec<Keyed> = Vec::new();
        for branch in branches {
            let schema = self.merge(*branch);
            let rules = &schema.rules;
            if let Some(values) = &rules.values {
                for value in values {
                    variants.push((value.as_str()?.to_owned(), docs(&schema), None));
                }
                continue;
            }
            let (key, options) = rules.properties.first()?;
            let closed = rules.additional == Additional::Closed && rules.patterns.is_empty();
            let alone = rules.properties.len() == 1 && rules.required.contains(key);
            if !closed || !alone || instance_type::only(rules) != Some(InstanceType::Object) {
                return None;
            }
            variants.push((key.clone(), docs(&schema), Some(*options)));
        }
        let keys: BTreeSet<&String> = variants.iter().map(|(key, _, _)| key).collect();
        (keys.len() == variants.len()).then_some(variants)
    }

    /// Objects that one required key discriminates: serde's internally tagged enum.
    pub(in crate::lower) fn internal(
        &mut self,
        branches: &[SchemaId],
    ) -> Option<(String, Vec<Keyed>)> {
        let merged: Vec<_> = branches.iter().map(|branch| self.merge(*branch)).collect();
        let plain = merged.iter().all(|schema| {
            let rules = &schema.rules;
            instance_type::only(rules) == Some(InstanceType::Object)
                && rules.values.is_none()
                && rules.dependent.is_empty()
                && rules.patterns.is_empty()
                && rules.property_names.is_none()
                && rules.bounds.keys.is_free()
                && rules.unsupported.is_none()
        });
        let first = merged.first().filter(|_| plain)?;
        for tag in first.rules.properties.keys() {
            let mut words: Vec<String> = Vec::new();
            for schema in &merged {
                let property = schema.rules.properties.get(tag);
                let Some(property) = property.filter(|_| schema.rules.required.contains(tag))
                else {
                    break;
                };
                match self.merge(*property).rules.values.as_deref() {
                    Some([Value::String(word)]) if !words.contains(word) => {
                        words.push(word.clone());
                    }
                    _ => break,
                }
            }
            // serde removes the tag before the rest is read and checked.
            let elsewhere = |schema: &Rc<Schema>| self.logic_reads(&schema.rules, tag, 0);
            if words.len() != merged.len() || merged.iter().any(elsewhere) {
                continue;
            }
            let mut keyed = Vec::new();
            for ((schema, branch), word) in merged.iter().zip(branches).zip(words) {
                let mut options = Schema::clone(schema);
                options.rules.properties.shift_remove(tag);
                options.rules.required.remove(tag);
                let own = self.graph.get(*branch);
                options.about.title.clone_from(&own.about.title);
                let docs = docs(&options);
                keyed.push((word, docs, Some(self.graph.add(options))));
            }
            return Some((tag.clone(), keyed));
        }
        None
    }

    /// A keyword beside `properties` constrains the key, or may do so with all keys.
    fn logic_reads(&mut self, rules: &Rules, key: &str, depth: usize) -> bool {
        if rules.unevaluated != Additional::Open || depth > 8 {
            return true;
        }
        let mut parts = rules.not.clone();
        parts.extend(rules.unions.iter().flat_map(|union| &union.branches));
        for condition in &rules.conditions {
            parts.push(condition.test);
            parts.extend(condition.then.iter().chain(&condition.otherwise));
        }
        parts.iter().any(|part| {
            let part = self.merge(*part);
            let rules = &part.rules;
            rules.properties.contains_key(key)
                || rules.required.contains(key)
                || rules.values.is_some()
                || rules.additional != Additional::Open
                || !rules.patterns.is_empty()
                || !rules.dependent.is_empty()
                || rules.property_names.is_some()
                || !rules.bounds.keys.is_free()
                || self.logic_reads(rules, key, depth + 1)
        })
    }
}
