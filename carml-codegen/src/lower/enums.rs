//! `enum` and `const`.

use serde_json::Value;

use super::{Lowering, kinds, names, shape};
use crate::ir::{
    schema::{Kind, Schema, SchemaId},
    types::{Docs, NamedKind, Type, Variant},
};

/// The only variant is not called longer than this: an address is a text that must be that.
const MAX_NAME: usize = 40;

/// More variants than this no one matches on: such a list is a test of a string.
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
            let kind = kinds::of(value);
            types.is_empty()
                || types.contains(&kind)
                || kind == Kind::Number && types.contains(&Kind::Integer)
        };
        let values: Vec<Value> = values.iter().filter(admitted).cloned().collect();
        let mut found: Vec<Kind> = values.iter().map(kinds::of).collect();
        found.sort();
        found.dedup();
        match found.as_slice() {
            [Kind::String] if values.len() > MAX_VARIANTS => {
                self.define(id, schema, name, &[], |_, _| {
                    NamedKind::Wrapper(Type::String)
                })
            }
            [Kind::String] => self.strings(id, schema, &values, name),
            [Kind::Boolean] => Type::Boolean,
            [Kind::Null] => Type::Null,
            // `1.0` is as good as `1` where no integer is asked for.
            [Kind::Number] if kinds::only(&schema.rules) == Some(Kind::Integer) => {
                shape::holding(&values).map_or(Type::Number, Type::Integer)
            }
            [Kind::Number] => Type::Number,
            [Kind::Array] => Type::List(Box::new(Type::Any)),
            [Kind::Object] => Type::Map(Box::new(Type::Any)),
            [] => Type::Any,
            _ => {
                let mut whole = schema.clone();
                whole.rules.values = Some(values);
                let parts: Vec<SchemaId> = found
                    .into_iter()
                    .map(|kind| {
                        let part = self.part(&whole, kind);
                        let text = kind == Kind::String;
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
        });
        let variants = variants.collect();
        self.define(id, schema, name, &[], |_, _| NamedKind::Enum(variants))
    }
}
