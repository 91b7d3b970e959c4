//! Which type says what a merged schema says.

use serde_json::Value;

use super::{Lowering, names, only};
use crate::ir::{
    schema::{Additional, Kind, Schema, SchemaId},
    types::{Alternative, Extra, Field, NamedKind, Presence, Type, Variant},
};

/// A variant of a tagged enum: its key, docs, and the schema of its options.
type Tagged = (String, Option<String>, Option<SchemaId>);

impl Lowering<'_> {
    pub(super) fn shape(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        let ty = self.shape_of_value(id, schema, name);
        if self.is_nullable(schema) && !matches!(ty, Type::Any | Type::Null) {
            let ty = Type::Option(Box::new(ty));
            self.known.insert(id, ty.clone());
            return ty;
        }
        ty
    }

    /// Null is one of the values, beside others.
    pub(super) fn is_nullable(&self, schema: &Schema) -> bool {
        let by_type = schema.types.len() > 1 && schema.types.contains(&Kind::Null);
        let by_value = schema
            .values
            .as_ref()
            .is_some_and(|values| values.len() > 1 && values.contains(&Value::Null));
        match &schema.values {
            Some(_) => by_value,
            None => by_type || self.branches(schema).any(|branch| self.is_null(branch)),
        }
    }

    fn is_null(&self, id: SchemaId) -> bool {
        let schema = self.graph.get(id);
        schema.types.iter().eq([&Kind::Null]) || schema.values.as_deref() == Some(&[Value::Null])
    }

    fn branches<'s>(&self, schema: &'s Schema) -> impl Iterator<Item = SchemaId> + use<'s> {
        schema.one_of.iter().chain(&schema.any_of).copied()
    }

    fn shape_of_value(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        if let Some(values) = &schema.values {
            return self.enumeration(id, schema, values, name);
        }
        let structured = !schema.properties.is_empty();
        if !schema.one_of.is_empty() || !schema.any_of.is_empty() {
            return if structured {
                self.loose_union(id, schema, name)
            } else {
                self.union(id, schema, name)
            };
        }
        match only(schema) {
            Some(Kind::Boolean) => Type::Boolean,
            Some(Kind::Integer) if schema.minimum.is_some_and(|minimum| minimum >= 0.0) => {
                Type::Unsigned
            }
            Some(Kind::Integer) => Type::Signed,
            Some(Kind::Number) if schema.fill => Type::Float,
            Some(Kind::Number) => Type::Number,
            Some(Kind::String) => Type::String,
            Some(Kind::Array) => self.list(schema),
            Some(Kind::Object) => self.object(id, schema, name),
            Some(Kind::Null) | None if schema.types.iter().eq([&Kind::Null]) => Type::Null,
            _ if schema.types.is_empty() && structured => self.object(id, schema, name),
            _ if schema.types.is_empty() => Type::Any,
            _ => self.several_types(id, schema, name),
        }
    }

    fn list(&mut self, schema: &Schema) -> Type {
        match schema.items {
            Some(items) if !schema.tuple => Type::List(Box::new(self.ty(items))),
            _ => Type::List(Box::new(Type::Any)),
        }
    }

    fn object(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        if !schema.properties.is_empty()
            || (schema.additional == Additional::Closed && !schema.patterned)
        {
            return self.structure(id, schema, name);
        }
        match schema.additional {
            Additional::Typed(values) if !schema.patterned => Type::Map(Box::new(self.ty(values))),
            _ => Type::Map(Box::new(Type::Any)),
        }
    }

    pub(super) fn fields(&mut self, schema: &Schema) -> Vec<Field> {
        let names = names::distinct(schema.properties.keys().map(|key| names::snake(key)));
        let mut fields = Vec::new();
        for ((key, id), name) in schema.properties.iter().zip(names) {
            let property = self.graph.get(*id).clone();
            let ty = self.ty(*id);
            let presence = if schema.required.contains(key) {
                Presence::Required
            } else if property.fill
                && let Some(default) = &property.default
            {
                Presence::Default(default.clone())
            } else if matches!(ty, Type::Option(_)) {
                Presence::OptionalNullable
            } else {
                Presence::Optional
            };
            let ty = match presence {
                Presence::Optional | Presence::OptionalNullable => Type::Option(Box::new(ty)),
                _ => ty,
            };
            // A reference says what the target is; its own words come first.
            let target = property.reference.map(|target| self.graph.get(target));
            let docs = property
                .description
                .clone()
                .or_else(|| target.and_then(|target| target.description.clone()));
            fields.push(Field {
                key: key.clone(),
                name,
                docs: docs.or_else(|| property.title.clone()),
                deprecated: property.deprecated,
                ty,
                presence,
            });
        }
        fields
    }

    pub(super) fn extra(&mut self, schema: &Schema) -> Extra {
        match schema.additional {
            Additional::Closed if !schema.patterned => Extra::Denied,
            Additional::Typed(values) if !schema.patterned => Extra::Kept(self.ty(values)),
            _ => Extra::Kept(Type::Any),
        }
    }

    fn enumeration(
        &mut self,
        id: SchemaId,
        schema: &Schema,
        values: &[Value],
        name: Option<&str>,
    ) -> Type {
        let texts: Option<Vec<&str>> = values
            .iter()
            .filter(|value| !value.is_null())
            .map(Value::as_str)
            .collect();
        let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
            return self.fall_back(id, "the values are not all strings".to_owned());
        };
        let names = names::distinct(texts.iter().map(|text| names::pascal(text)));
        let variants = texts.iter().zip(names).map(|(text, name)| Variant {
            key: (*text).to_owned(),
            name,
            docs: None,
            options: None,
        });
        let variants = variants.collect();
        self.define(id, schema, name, |_, _| NamedKind::Enum(variants))
    }

    fn union(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        let branches: Vec<SchemaId> = self
            .branches(schema)
            .filter(|branch| !self.is_null(*branch))
            .collect();
        match branches.as_slice() {
            [] => return Type::Null,
            [only] => return self.ty(*only),
            _ => {}
        }
        if !schema.one_of.is_empty() && !schema.any_of.is_empty() {
            return self.fall_back(id, "`oneOf` and `anyOf` stand side by side".to_owned());
        }
        if let Some(variants) = self.tagged(&branches) {
            return self.define(id, schema, name, |this, _| {
                let names = names::distinct(variants.iter().map(|(key, _, _)| names::pascal(key)));
                let variants =
                    variants
                        .into_iter()
                        .zip(names)
                        .map(|((key, docs, options), name)| Variant {
                            key,
                            name,
                            docs,
                            options: options.map(|options| this.ty(options)),
                        });
                NamedKind::Enum(variants.collect())
            });
        }
        self.define(id, schema, name, |this, _| {
            NamedKind::Untagged(this.alternatives(&branches))
        })
    }

    /// Strings and objects with one required key: serde's externally tagged enum.
    fn tagged(&self, branches: &[SchemaId]) -> Option<Vec<Tagged>> {
        let mut variants: Vec<Tagged> = Vec::new();
        for branch in branches {
            let schema = self.merge(*branch).ok()?;
            let docs = schema.description.clone().or_else(|| schema.title.clone());
            if let Some(values) = &schema.values {
                for value in values {
                    variants.push((value.as_str()?.to_owned(), docs.clone(), None));
                }
                continue;
            }
            let closed = schema.additional == Additional::Closed && !schema.patterned;
            let (key, options) = schema
                .properties
                .first()
                .filter(|_| schema.properties.len() == 1)?;
            if !closed || !schema.required.contains(key) {
                return None;
            }
            variants.push((key.clone(), docs, Some(*options)));
        }
        let mut keys: Vec<&String> = variants.iter().map(|(key, _, _)| key).collect();
        keys.sort();
        keys.dedup();
        (keys.len() == variants.len()).then_some(variants)
    }

    fn alternatives(&mut self, branches: &[SchemaId]) -> Vec<Alternative> {
        let mut alternatives: Vec<Alternative> = Vec::new();
        for branch in branches {
            let ty = self.ty(*branch);
            if alternatives.iter().any(|known| known.ty == ty) {
                continue;
            }
            let schema = self.graph.get(*branch);
            alternatives.push(Alternative {
                name: self.alternative_name(schema, &ty),
                docs: schema.description.clone(),
                ty,
            });
        }
        // The first that fits is taken: what refuses most stands first.
        alternatives.sort_by_key(|alternative| looseness(&alternative.ty));
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

    fn alternative_name(&self, schema: &Schema, ty: &Type) -> String {
        if let Some(title) = &schema.title {
            return names::pascal(title);
        }
        match ty {
            Type::Named(id) => self.types[id.0]
                .as_ref()
                .map_or_else(|| names::pascal(&schema.hint), |ty| ty.name.clone()),
            Type::Boolean => "Boolean".to_owned(),
            Type::Signed | Type::Unsigned => "Integer".to_owned(),
            Type::Float | Type::Number => "Number".to_owned(),
            Type::String => "Text".to_owned(),
            Type::List(_) => "List".to_owned(),
            Type::Map(_) => "Map".to_owned(),
            Type::Extern { path, .. } => names::pascal(path.rsplit("::").next().unwrap_or(path)),
            _ => "Other".to_owned(),
        }
    }

    fn several_types(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        self.define(id, schema, name, |this, own| {
            let mut alternatives = Vec::new();
            let kinds: Vec<Kind> = schema
                .types
                .iter()
                .copied()
                .filter(|kind| *kind != Kind::Null)
                .collect();
            for kind in kinds {
                let (name, ty) = match kind {
                    Kind::Boolean => ("Boolean", Type::Boolean),
                    Kind::Integer => ("Integer", Type::Signed),
                    Kind::Number => ("Number", Type::Number),
                    Kind::String => ("Text", Type::String),
                    Kind::Array => ("List", this.list(schema)),
                    Kind::Object => {
                        let wish = this.reserve(&format!("{own}Object"));
                        ("Object", this.object_part(schema, &wish))
                    }
                    Kind::Null => continue,
                };
                alternatives.push(Alternative {
                    name: name.to_owned(),
                    docs: None,
                    ty,
                });
            }
            alternatives.sort_by_key(|alternative| looseness(&alternative.ty));
            NamedKind::Untagged(alternatives)
        })
    }

    fn object_part(&mut self, schema: &Schema, name: &str) -> Type {
        if schema.properties.is_empty() {
            return match schema.additional {
                Additional::Typed(values) if !schema.patterned => {
                    Type::Map(Box::new(self.ty(values)))
                }
                _ => Type::Map(Box::new(Type::Any)),
            };
        }
        let fields = self.fields(schema);
        let extra = self.extra(schema);
        let id = crate::ir::types::TypeId(self.types.len());
        self.types.push(Some(crate::ir::types::Named {
            name: name.to_owned(),
            docs: schema.description.clone(),
            kind: NamedKind::Struct(crate::ir::types::Struct { fields, extra }),
        }));
        Type::Named(id)
    }

    /// Properties and a union side by side: the union's branches either only narrow the
    /// properties, or add keys, which are then kept without a type.
    fn loose_union(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        let adds = self.branches(schema).any(|branch| {
            let branch = self.merge(branch);
            branch.is_ok_and(|branch| {
                branch
                    .properties
                    .keys()
                    .any(|key| !schema.properties.contains_key(key))
            })
        });
        if adds && schema.additional == Additional::Closed {
            return self.fall_back(id, "a union adds keys to a closed object".to_owned());
        }
        if only(schema).is_some_and(|kind| kind != Kind::Object) {
            return self.fall_back(id, "properties of what is no object".to_owned());
        }
        self.structure(id, schema, name)
    }
}

fn looseness(ty: &Type) -> u8 {
    match ty {
        Type::Null | Type::Boolean | Type::Named(_) => 0,
        Type::Unsigned => 1,
        Type::Signed => 2,
        Type::Float | Type::Number => 3,
        Type::Extern { .. } => 4,
        Type::String => 5,
        Type::List(_) => 6,
        Type::Map(_) => 7,
        Type::Option(ty) | Type::Boxed(ty) => looseness(ty),
        Type::Any => 8,
    }
}
