//! Types where they are used.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::{Emit, helpers::Helper};
use crate::ir::types::{Integer, Type};

impl Emit<'_> {
    pub(super) fn ty(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Boolean => quote!(bool),
            Type::Integer(integer) => integer_type(*integer),
            Type::Float => quote!(f64),
            Type::AnyInteger => {
                self.needs(Helper::AnyInteger);
                quote!(Integer)
            }
            Type::Number => {
                self.uses(&["Number"]);
                quote!(Number)
            }
            Type::String => quote!(String),
            Type::Null => quote!(()),
            Type::Any => {
                self.uses(&["Value"]);
                quote!(Value)
            }
            Type::List(item) => {
                let item = self.ty(item);
                quote!(Vec<#item>)
            }
            Type::Tuple(items) => {
                let items = items.iter().map(|item| self.ty(item));
                quote!((#(#items),*,))
            }
            Type::Map(value) => {
                self.uses(&["BTreeMap"]);
                let value = self.ty(value);
                quote!(BTreeMap<String, #value>)
            }
            Type::Option(inner) => {
                let inner = self.ty(inner);
                quote!(Option<#inner>)
            }
            Type::Boxed(inner) => {
                let inner = self.ty(inner);
                quote!(Box<#inner>)
            }
            Type::ObjectOr(inner) => {
                self.needs(Helper::ObjectOr);
                let inner = self.ty(inner);
                quote!(ObjectOr<#inner>)
            }
            Type::Secret(inner) if **inner == Type::String => self.secret(),
            Type::Secret(inner) => {
                let (secret, inner) = (self.secret(), self.ty(inner));
                quote!(#secret<#inner>)
            }
            Type::Named(id) => {
                let name = format_ident!("{}", self.program.types[id.0].name);
                quote!(#name)
            }
            Type::Extern { path, .. } => path.parse().unwrap_or_default(),
        }
    }

    /// The type of secrets.
    pub(super) fn secret(&self) -> TokenStream {
        match &self.program.secret {
            Some(path) => path.parse().unwrap_or_default(),
            None => {
                self.needs(Helper::Secret);
                quote!(Secret)
            }
        }
    }
}

fn integer_type(integer: Integer) -> TokenStream {
    match integer {
        Integer::U8 => quote!(u8),
        Integer::U16 => quote!(u16),
        Integer::U32 => quote!(u32),
        Integer::U64 => quote!(u64),
        Integer::I8 => quote!(i8),
        Integer::I16 => quote!(i16),
        Integer::I32 => quote!(i32),
        Integer::I64 => quote!(i64),
    }
}

/// An identifier, raw if it is a keyword.
pub(super) fn ident(name: &str) -> Ident {
    // These cannot be raw identifiers.
    if matches!(name, "self" | "super" | "crate" | "Self" | "_") {
        return format_ident!("{name}_");
    }
    // A keyword since the 2024 edition, which syn does not know yet.
    if name == "gen" {
        return Ident::new_raw(name, Span::call_site());
    }
    syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
}
