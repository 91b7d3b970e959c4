//! `oneOf` and `anyOf`.

use std::{collections::BTreeSet, rc::Rc};

use serde_json::Value;

use super::{Lowering, docs, kinds, names};
use crate::ir::{
    check::{Rule, Test},
    schema::{Additional, Kind, Rules, Schema, SchemaId},
    types::{Alternative, Docs, Extra, NamedKind, Type, Variant},
};

/// A variant of an enum: its key, docs, and the schema of its options.
type Keyed = (String, Docs, Option<SchemaId>);

impl Lowering<'_> {
    pub(super) fn union(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        let mut base = schema.clone();
        let unions = std::mem::take(&mut base.rules.unions);
        // These stay with the whole.
        base.rules.conditions.clear();
        base.rules.not.clear();
        let Some(union) = unions.first() else {
            return Type::Any;
        };
        let loose = self.is_loose_union(schema);
        let exclusive = union.exclusive && self.several_loose(&union.branches);
        let mut branches = Vec::new();
        self.flatten(&union.branches, &mut branches, 0);
        // That a value is what it is says nothing.
        branches.retain(|branch| self.resolve(*branch) != id);
        if loose || exclusive {
            self.ask_for_objects(&mut branches);
        }
        if !base.rules.ask_nothing() {
            base.about = Default::default();
            let base = self.graph.add(base);
            for branch in &mut branches {
                *branch = self.both(*branch, base);
            }
        }
        branches.retain(|branch| !self.merge(*branch).rules.never);
        if let [only] = branches.as_slice() {
            return self.ty(*only);
        }
        self.tell_apart(schema, &branches);
        let ty = self.told_apart(id, schema, &branches, name);
        if loose {
            return Type::Loose(Box::new(ty));
        }
        ty
    }

    fn told_apart(
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

    /// Any of objects, and whatever else is no object.
    pub(super) fn is_loose_union(&mut self, schema: &Schema) -> bool {
        let rules = &schema.rules;
        let [union] = rules.unions.as_slice() else {
            return false;
        };
        let rest = Rules {
            unions: Vec::new(),
            not: Vec::new(),
            conditions: Vec::new(),
            ..rules.clone()
        };
        !union.exclusive && rest.ask_nothing() && self.all_loose(&union.branches)
    }

    fn all_loose(&mut self, branches: &[SchemaId]) -> bool {
        branches.len() > 1
            && branches.iter().all(|branch| {
                let schema = self.merge(*branch);
                self.is_loose(&schema)
            })
    }

    /// What is no object fits each of them: of these, no one alone.
    fn several_loose(&mut self, branches: &[SchemaId]) -> bool {
        let loose = branches.iter().filter(|branch| {
            let schema = self.merge(**branch);
            self.is_loose(&schema)
        });
        loose.count() > 1
    }

    fn ask_for_objects(&mut self, branches: &mut [SchemaId]) {
        let mut object = Schema::default();
        object.rules.types.insert(Kind::Object);
        let object = self.graph.add(object);
        for branch in branches {
            let schema = self.merge(*branch);
            if self.is_loose(&schema) {
                *branch = self.both(*branch, object);
            }
        }
    }

    /// A branch that is a union and nothing else stands for its own branches.
    fn flatten(&mut self, from: &[SchemaId], into: &mut Vec<SchemaId>, depth: usize) {
        for branch in from {
            match self.inner(*branch) {
                Some(inner) if depth < 8 => self.flatten(&inner, into, depth + 1),
                _ if !into.contains(branch) => into.push(*branch),
                _ => {}
            }
        }
    }

    /// The branches of a schema that is a union and nothing else.
    pub(super) fn inner(&self, id: SchemaId) -> Option<Vec<SchemaId>> {
        let schema = self.graph.get(id);
        let mut rest = schema.rules.clone();
        let unions = std::mem::take(&mut rest.unions);
        let inline = schema.reference.is_none() && schema.all_of.is_empty();
        match unions.as_slice() {
            [only] if inline && rest.ask_nothing() => Some(only.branches.clone()),
            _ => None,
        }
    }

    /// Gives branches without a name of their own one by what only they ask for.
    fn tell_apart(&mut self, schema: &Schema, branches: &[SchemaId]) {
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

    fn variants(&mut self, keyed: Vec<Keyed>) -> Vec<Variant> {
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
    fn external(&mut self, branches: &[SchemaId]) -> Option<Vec<Keyed>> {
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
            if !closed || !alone || kinds::only(rules) != Some(Kind::Object) {
                return None;
            }
            variants.push((key.clone(), docs(&schema), Some(*options)));
        }
        let keys: BTreeSet<&String> = variants.iter().map(|(key, _, _)| key).collect();
        (keys.len() == variants.len()).then_some(variants)
    }

    /// Objects that one required key tells apart: serde's internally tagged enum.
    fn internal(&mut self, branches: &[SchemaId]) -> Option<(String, Vec<Keyed>)> {
        let merged: Vec<_> = branches.iter().map(|branch| self.merge(*branch)).collect();
        let plain = merged.iter().all(|schema| {
            let rules = &schema.rules;
            kinds::only(rules) == Some(Kind::Object)
                && rules.values.is_none()
                && rules.dependent.is_empty()
                && rules.patterns.is_empty()
                && rules.property_names.is_none()
                && rules.bounds.keys.is_free()
                && rules.unread.is_none()
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
            // serde takes the tag away before the rest is read, and tested.
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

    /// What is said of a key beside `properties`, or may be: of all keys, for example.
    fn logic_reads(&mut self, rules: &Rules, key: &str, depth: usize) -> bool {
        if rules.closed_over_all || depth > 8 {
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

    pub(super) fn alternatives(&mut self, branches: &[SchemaId]) -> Vec<Alternative> {
        let mut alternatives: Vec<Alternative> = Vec::new();
        for branch in branches {
            let ty = self.ty(*branch);
            if alternatives.iter().any(|known| known.ty == ty) {
                continue;
            }
            let schema = self.graph.get(*branch);
            let text = schema.about.description.clone();
            alternatives.push(Alternative {
                name: self.alternative_name(schema, &ty),
                docs: Docs {
                    text,
                    ..Docs::default()
                },
                ty,
            });
        }
        // The first that fits is taken: what refuses most stands first.
        alternatives.sort_by_key(|alternative| self.looseness(&alternative.ty));
        if let Some(Type::Any | Type::Loose(_)) = alternatives.last().map(|last| &last.ty) {
            for alternative in &alternatives {
                self.refuse_lists(&alternative.ty);
            }
        }
        let names = names::distinct(
            alternatives
                .iter()
                .map(|alternative| alternative.name.clone()),
        );
        for (alternative, name) in alternatives.iter_mut().zip(names) {
            alternative.name = name;
        }
        alternatives
    }

    /// serde takes a list for a struct without further keys: not where lists are for another form.
    fn refuse_lists(&mut self, ty: &Type) {
        let Type::Named(id) = ty else { return };
        if let Some(named) = &mut self.types[id.0]
            && let NamedKind::Struct(structure) = &named.kind
            && structure.extra == Extra::Denied
            && named.rules.is_empty()
        {
            named.rules.push(Rule {
                about: "type".to_owned(),
                test: Test::Kinds(vec![Kind::Object]),
            });
        }
    }

    fn alternative_name(&self, schema: &Schema, ty: &Type) -> String {
        if let Some(title) = names::title(schema) {
            return names::pascal(title);
        }
        match ty {
            Type::Named(id) => {
                let named = self.types[id.0].as_ref();
                let name = named.map_or_else(|| names::pascal(&schema.hint), |ty| ty.name.clone());
                let owner = self.owners.last();
                let short = owner.and_then(|owner| name.strip_prefix(owner.as_str()));
                let usable = short.filter(|short| short.starts_with(char::is_uppercase));
                usable.map_or(name.clone(), str::to_owned)
            }
            Type::Boolean => "Boolean".to_owned(),
            Type::Integer(_) | Type::Whole => "Integer".to_owned(),
            Type::Float | Type::Number => "Number".to_owned(),
            Type::String => "Text".to_owned(),
            Type::List(_) => "List".to_owned(),
            Type::Tuple(_) => "Tuple".to_owned(),
            Type::Map(_) => "Map".to_owned(),
            Type::Extern { path, .. } => names::pascal(path.rsplit("::").next().unwrap_or(path)),
            Type::Option(inner) | Type::Boxed(inner) | Type::Loose(inner) => {
                self.alternative_name(schema, inner)
            }
            _ => "Other".to_owned(),
        }
    }
}

impl Lowering<'_> {
    /// Where a form stands among others: serde takes a list for a struct, and an object of one
    /// key for a variant, so lists come before objects, and those before enums of strings.
    fn looseness(&self, ty: &Type) -> u8 {
        match ty {
            Type::Null | Type::Boolean => 0,
            Type::Integer(_) | Type::Whole => 1,
            Type::Float | Type::Number => 2,
            Type::List(_) | Type::Tuple(_) => 3,
            Type::Named(id) => match self.types[id.0].as_ref().map(|named| &named.kind) {
                Some(NamedKind::Enum(_)) => 6,
                _ => 4,
            },
            Type::Map(_) => 5,
            Type::Extern { .. } => 7,
            Type::String => 8,
            Type::Option(ty) | Type::Boxed(ty) => self.looseness(ty),
            Type::Loose(_) => 9,
            Type::Any => 10,
        }
    }
}
