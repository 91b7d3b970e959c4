//! Defaults as expressions.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::{Map, Value};

use super::{Emit, ty};
use crate::ir::types::{NamedKind, Presence, Type, TypeId};

/// The expression of a default, or `None` if the type cannot hold it.
pub(super) fn expression(emit: &Emit<'_>, ty: &Type, value: &Value) -> Option<TokenStream> {
    Some(match (ty, value) {
        (Type::Boolean, Value::Bool(value)) => quote!(#value),
        (Type::Integer(_), Value::Number(number)) => {
            let value = match number.as_u64() {
                Some(number) => Literal::u64_unsuffixed(number),
                None => Literal::i64_unsuffixed(number.as_i64()?),
            };
            quote!(#value)
        }
        (Type::Float, Value::Number(number)) => {
            let value = Literal::f64_unsuffixed(number.as_f64()?);
            quote!(#value)
        }
        (Type::String, Value::String(text)) => quote!(#text.to_owned()),
        (Type::List(_), Value::Array(items)) if items.is_empty() => quote!(Vec::new()),
        (Type::List(item), Value::Array(items)) => {
            let items: Option<Vec<_>> = items
                .iter()
                .map(|value| expression(emit, item, value))
                .collect();
            let items = items?;
            quote!(vec![#(#items),*])
        }
        (Type::Map(_), Value::Object(entries)) if entries.is_empty() => {
            quote!(BTreeMap::new())
        }
        (Type::Option(_), Value::Null) => quote!(None),
        (Type::Option(inner), value) => {
            let inner = expression(emit, inner, value)?;
            quote!(Some(#inner))
        }
        (
            Type::Extern {
                scalar: Some(_),
                path,
            },
            Value::String(text),
        ) => {
            let path: TokenStream = path.parse().ok()?;
            quote!(#text.parse::<#path>().expect("the schema's default"))
        }
        (Type::Extern { scalar: None, .. }, Value::Object(entries)) if entries.is_empty() => {
            quote!(Default::default())
        }
        (Type::Named(id), value) => match named(emit, *id, value) {
            Some(expression) => expression,
            None => parsed(value),
        },
        (_, value) => parsed(value),
    })
}

/// What has no shorter expression is read as the config would be.
fn parsed(value: &Value) -> TokenStream {
    let text = value.to_string();
    quote!(serde_json::from_str(#text).expect("the schema's default"))
}

fn named(emit: &Emit<'_>, id: TypeId, value: &Value) -> Option<TokenStream> {
    let named = &emit.program.types[id.0];
    let name = ty::ident(&named.name);
    match (&named.kind, value) {
        (NamedKind::Struct(structure), Value::Object(entries)) if entries.is_empty() => {
            let complete = structure
                .fields
                .iter()
                .all(|field| !matches!(field.presence, Presence::Required));
            complete.then(|| quote!(#name::default()))
        }
        (NamedKind::Enum(variants), Value::String(text)) => {
            let variant = variants.iter().find(|variant| variant.key == *text)?;
            let spelled = ty::ident(&variant.name);
            Some(match &variant.options {
                None => quote!(#name::#spelled),
                Some(_) if !variant.optional => return None,
                Some(options) => {
                    let options = expression(emit, options, &Value::Object(Map::new()))?;
                    quote!(#name::#spelled(#options))
                }
            })
        }
        _ => None,
    }
}

/// The default is the one that the type has by itself, so that a derive gives it.
pub(super) fn is_types_own(emit: &Emit<'_>, ty: &Type, value: &Value) -> bool {
    match (ty, value) {
        (Type::Boolean, Value::Bool(value)) => !value,
        (Type::Integer(_), Value::Number(number)) => number.as_u64() == Some(0),
        (Type::String, Value::String(text)) => text.is_empty(),
        (Type::List(_), Value::Array(items)) => items.is_empty(),
        (Type::Map(_) | Type::Extern { scalar: None, .. }, Value::Object(entries)) => {
            entries.is_empty()
        }
        (Type::Named(id), Value::Object(_)) => named(emit, *id, value).is_some(),
        (Type::Option(_), Value::Null) => true,
        _ => false,
    }
}
