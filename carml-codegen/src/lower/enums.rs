//! `enum` and `const`.

use serde_json::Value;

use super::{Lowering, convert, instance_type, names};
use crate::ir::{
    schema::{InstanceType, Schema, SchemaId},
    types::{Docs, NamedKind, Type, Variant},
};

/// A single variant with a longer name is a string with a constraint: it may be an address.
const MAX_NAME: usize = 40;

/// Nobody matches on more variants: such a list is a string with a constraint.
const MAX_VARIANTS: usize = 256;

impl Lowering<'_> {
    pub(super) fn enumeration(
        &mut self,
        id: SchemaId,
        schema: &Schema,
        values: &[Value],
        name: Option<&str>,
    ) -> Type {
        let types = &schema.rules.types;
        let admitted = |value: &&Value| {
            let ty = instance_type::of(value);
            types.is_empty()
                || types.contains(&ty)
                || ty == InstanceType::Number && types.contains(&InstanceType::Integer)
        };
        let values: Vec<Value> = values.iter().filter(admitted).cloned().collect();
        let mut found: Vec<InstanceType> = values.iter().map(instance_type::of).collect();
        found.sort();
        found.dedup();
        match found.as_slice() {
            [InstanceType::String] if values.len() > MAX_VARIANTS => {
                self.define(id, schema, name, &[], |_, _| {
                    NamedKind::Wrapper(Type::String)
                })
            }
            [InstanceType::String] => self.strings(id, schema, &values, name),
            [InstanceType::Boolean] => Type::Boolean,
            [InstanceType::Null] => Type::Null,
            // Without `type: integer`, `1.0` is written back as it was.
            [InstanceType::Number]
                if instance_type::only(&schema.rules) == Some(InstanceType::Integer) =>
            {
                convert::holding(&values).map_or(Type::Number, Type::Integer)
            }
            [InstanceType::Number] => Type::Number,
            [InstanceType::Array] => Type::List(Box::new(Type::Any)),
            [InstanceType::Object] => Type::Map(Box::new(Type::Any)),
            [] => Type::Any,
            _ => {
                let mut whole = schema.clone();
                whole.rules.values = Some(values);
                let parts: Vec<SchemaId> = found
                    .into_iter()
                    .map(|kind| {
                        let part = self.part(&whole, kind);
                        let text = kind == InstanceType::String;
                        if text {
                            self.graph.schemas[part.0].hint = format!("{}_text", schema.hint);
                        }
                        part
                    })
                    .collect();
                self.define(id, schema, name, &parts, |this, _| {
                    NamedKind::Untagged(this.alternatives(&parts))
                })
            }
        }
    }

    fn strings(
        &mut self,
        id: SchemaId,
        schema: &Schema,
        values: &[Value],
        name: Option<&str>,
    ) -> Type {
        let mut texts: Vec<&str> = Vec::new();
        for text in values.iter().filter_map(Value::as_str) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if let [text] = texts.as_slice()
            && names::pascal(text).len() > MAX_NAME
        {
            return Type::String;
        }
        let names = names::distinct(texts.iter().map(|text| names::pascal(text)));
        let variants = texts.iter().zip(names).map(|(text, name)| Variant {
            key: (*text).to_owned(),
            name,
            docs: Docs::default(),
            deprecated: false,
            options: None,
            optional: false,
        });
        let variants = variants.collect();
        self.define(id, schema, name, &[], |_, _| NamedKind::Enum(variants))
    }
}
