//! Alternatives that a key discriminates: internally and externally tagged enums.

use std::{collections::BTreeSet, rc::Rc};

use serde_json::Value;

use super::super::{Lowering, docs, instance_type, names};
use crate::ir::{
    schema::{Additional, InstanceType, Rules, Schema, SchemaId},
    types::{Docs, Variant},
};

/// A variant of an enum, before its options have a type.
#[derive(Clone)]
pub(in crate::lower) struct Keyed {
    key: String,
    docs: Docs,
    options: Option<SchemaId>,
    /// The key alone stands for options that are empty.
    optional: bool,
}

impl Lowering<'_> {
    pub(in crate::lower) fn variants(&mut self, keyed: Vec<Keyed>) -> Vec<Variant> {
        let names = names::distinct(keyed.iter().map(|one| names::pascal(&one.key)));
        let keyed = keyed.into_iter().zip(names);
        keyed
            .map(|(one, name)| Variant {
                key: one.key,
                docs: one.docs.beside(&name),
                name,
                deprecated: false,
                options: one.options.map(|options| self.ty(options)),
                optional: one.optional,
            })
            .collect()
    }

    /// Strings and objects with one required key: serde's externally tagged enum.
    pub(in crate::lower) fn external(&mut self, branches: &[SchemaId]) -> Option<Vec<Keyed>> {
        let mut variants: Vec<Keyed> = Vec::new();
        for branch in branches {
            match self.two_forms(*branch) {
                Some(optional) => variants.push(optional),
                None => variants.extend(self.keyed(*branch)?),
            }
        }
        let keys: BTreeSet<&String> = variants.iter().map(|one| &one.key).collect();
        (keys.len() == variants.len()).then_some(variants)
    }

    /// A union of a string and of an object with that key, whose options may be empty. Only types
    /// of validated documents can read both as one variant.
    fn two_forms(&mut self, branch: SchemaId) -> Option<Keyed> {
        let schema = self.merge(branch);
        let mut rest = schema.rules.clone();
        let unions = std::mem::take(&mut rest.unions);
        let [union] = unions.as_slice() else {
            return None;
        };
        if !self.validated || union.branches.len() != 2 || !rest.is_unconstrained() {
            return None;
        }
        let mut forms = Vec::new();
        for branch in &union.branches {
            forms.extend(self.keyed(*branch)?);
        }
        forms.sort_by_key(|form| form.options.is_some());
        let [alone, with_options] = forms.as_slice() else {
            return None;
        };
        let options = with_options.options.filter(|_| alone.options.is_none())?;
        let rules = &self.merge(options).rules;
        let may_be_empty = instance_type::only(rules) == Some(InstanceType::Object)
            && rules.required.is_empty()
            && rules.bounds.keys.is_free();
        (may_be_empty && alone.key == with_options.key).then(|| Keyed {
            docs: docs(&schema),
            optional: true,
            ..with_options.clone()
        })
    }

    /// The strings of a branch, or its one required key with its options.
    fn keyed(&mut self, branch: SchemaId) -> Option<Vec<Keyed>> {
        let schema = self.merge(branch);
        let rules = &schema.rules;
        let keyed = |key: &str, options| Keyed {
            key: key.to_owned(),
            docs: docs(&schema),
            options,
            optional: false,
        };
        if let Some(values) = &rules.values {
            let words = values
                .iter()
                .map(|value| Some(keyed(value.as_str()?, None)));
            return words.collect();
        }
        let (key, options) = rules.properties.first()?;
        let closed = rules.additional == Additional::Closed && rules.patterns.is_empty();
        let alone = rules.properties.len() == 1 && rules.required.contains(key);
        let is_object = instance_type::only(rules) == Some(InstanceType::Object);
        (closed && alone && is_object).then(|| vec![keyed(key, Some(*options))])
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
                keyed.push(Keyed {
                    key: word,
                    docs: docs(&options),
                    options: Some(self.graph.add(options)),
                    optional: false,
                });
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
