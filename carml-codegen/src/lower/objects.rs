//! Structs and maps.

use super::{InvalidDefault, Lowering, docs, names};
use crate::ir::{
    schema::{Additional, Schema, SchemaId, Union},
    types::{Docs, Extra, Field, NamedKind, Presence, Struct, Type},
};

impl Lowering<'_> {
    pub(super) fn structure(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        self.define(id, schema, name, &[], |this, _| {
            NamedKind::Struct(Struct {
                fields: this.fields(id, schema),
                extra: this.extra(id, schema),
            })
        })
    }

    fn fields(&mut self, owner: SchemaId, schema: &Schema) -> Vec<Field> {
        let properties = &schema.rules.properties;
        let names = names::distinct(properties.keys().map(|key| names::snake(key)));
        let mut fields = Vec::new();
        for ((key, id), name) in properties.iter().zip(names) {
            let property = self.graph.get(*id).clone();
            let ty = self.ty(*id);
            let ty = self.masked_if_secret_property(owner, (key, *id), ty);
            let presence = if schema.rules.required.contains(key) {
                Presence::Required
            } else if property.fill
                && let Some(default) = &property.about.default
            {
                match self.default(*id, &ty, default) {
                    Ok(default) => Presence::Default(default),
                    Err(reason) => {
                        self.invalid_defaults.push(InvalidDefault {
                            pointer: format!("{}/default", property.place),
                            reason: format!("`{default}` cannot be filled in: {reason}"),
                        });
                        Presence::Optional
                    }
                }
            } else {
                Presence::Optional
            };
            let ty = match presence {
                Presence::Optional => Type::Option(Box::new(ty)),
                _ => ty,
            };
            let docs = self.field_docs(&property, &ty).beside(&name);
            self.drop_repeated_docs(&docs, &ty);
            fields.push(Field {
                key: key.clone(),
                docs,
                name,
                deprecated: property.about.deprecated,
                ty,
                presence,
            });
        }
        fields
    }

    /// A type that one field uses leaves its docs to the field.
    fn drop_repeated_docs(&mut self, docs: &Docs, ty: &Type) {
        match ty {
            Type::Named(id) => {
                if let Some(named) = &mut self.types[id.0]
                    && !named.chosen
                    && named.docs.text == docs.text
                {
                    named.docs.text = None;
                }
            }
            Type::Option(inner) | Type::ObjectOr(inner) => self.drop_repeated_docs(docs, inner),
            _ => {}
        }
    }

    /// The description beside a reference wins over the target's. What the type's own docs say is
    /// not repeated.
    fn field_docs(&self, property: &Schema, ty: &Type) -> Docs {
        let target = property.reference.map(|target| self.graph.get(target));
        let own = docs(property);
        let text = property
            .about
            .description
            .clone()
            .or(target.and_then(|target| target.about.description.clone()))
            .or(own.text);
        let named = matches!(ty, Type::Named(_));
        // The type expresses the rest.
        let text = text.map(|text| match target {
            None if inline(ty) => text.split("\n\n").next().unwrap_or_default().to_owned(),
            _ => text,
        });
        Docs {
            text,
            examples: if named { Vec::new() } else { own.examples },
            default: property
                .about
                .default
                .clone()
                .or(target.and_then(|target| target.about.default.clone())),
        }
    }

    fn extra(&mut self, id: SchemaId, schema: &Schema) -> Extra {
        let rules = &schema.rules;
        if rules.additional == Additional::Closed && rules.patterns.is_empty() {
            return Extra::Denied;
        }
        Extra::Kept(self.others(id, schema))
    }

    /// The values of keys that are not fields.
    pub(super) fn others(&mut self, id: SchemaId, schema: &Schema) -> Type {
        let ty = self.others_as_they_are(schema);
        self.masked_if_secret_others(id, ty)
    }

    fn others_as_they_are(&mut self, schema: &Schema) -> Type {
        let mut values: Vec<SchemaId> = schema.rules.patterns.values().copied().collect();
        let all = |pattern: &String| matches!(pattern.as_str(), ".*" | "^.*$" | ".+" | "^.+$" | "");
        if let Some((_, every)) = schema
            .rules
            .patterns
            .iter()
            .find(|(pattern, _)| all(pattern))
            && values.len() == 1
        {
            return self.ty(*every);
        }
        match schema.rules.additional {
            Additional::Open => return Type::Any,
            Additional::Typed(rest) => values.push(rest),
            Additional::Closed => {}
        }
        let types: Vec<Type> = values.iter().map(|value| self.ty(*value)).collect();
        match types.as_slice() {
            [] => Type::Any,
            [first, rest @ ..] if rest.iter().all(|ty| ty == first) => first.clone(),
            _ => {
                let mut union = Schema {
                    place: schema.place.clone(),
                    hint: format!("{}_value", schema.hint),
                    fill: schema.fill,
                    ..Schema::default()
                };
                union.rules.unions.push(Union {
                    exclusive: false,
                    branches: values,
                });
                let union = self.graph.add(union);
                self.ty(union)
            }
        }
    }
}

/// A type of its own holds the docs.
fn inline(ty: &Type) -> bool {
    match ty {
        Type::Named(_) => true,
        Type::Option(inner) | Type::ObjectOr(inner) => inline(inner),
        _ => false,
    }
}
