//! Types where they are used.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::ir::types::{Program, Type};

pub(super) fn tokens(program: &Program, ty: &Type) -> TokenStream {
    match ty {
        Type::Boolean => quote!(bool),
        Type::Signed => quote!(i64),
        Type::Unsigned => quote!(u64),
        Type::Float => quote!(f64),
        Type::Number => quote!(::serde_json::Number),
        Type::String => quote!(String),
        Type::Null => quote!(()),
        Type::Any => quote!(::serde_json::Value),
        Type::List(item) => {
            let item = tokens(program, item);
            quote!(Vec<#item>)
        }
        Type::Map(value) => {
            let value = tokens(program, value);
            quote!(::std::collections::BTreeMap<String, #value>)
        }
        Type::Option(inner) => {
            let inner = tokens(program, inner);
            quote!(Option<#inner>)
        }
        Type::Boxed(inner) => {
            let inner = tokens(program, inner);
            quote!(Box<#inner>)
        }
        Type::Named(id) => {
            let name = format_ident!("{}", program.types[id.0].name);
            quote!(#name)
        }
        Type::Extern { path, .. } => path.parse().unwrap_or_default(),
    }
}

/// An identifier, raw if it is a keyword.
pub(super) fn ident(name: &str) -> Ident {
    // These four cannot be raw identifiers.
    if matches!(name, "self" | "super" | "crate" | "Self" | "_") {
        return format_ident!("{name}_");
    }
    syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
}
