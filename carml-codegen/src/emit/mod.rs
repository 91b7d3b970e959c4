//! From types to formatted Rust.

mod enums;
mod literal;
mod structs;
mod ty;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::ir::types::{NamedKind, Presence, Program, Type};

/// The module's text.
pub(crate) fn module(program: &Program) -> String {
    let types = program.types.iter().map(|named| match &named.kind {
        NamedKind::Struct(structure) => structs::emit(program, named, structure),
        NamedKind::Enum(variants) => enums::tagged(program, named, variants),
        NamedKind::Untagged(alternatives) => enums::untagged(program, named, alternatives),
    });
    let alias = root_alias(program);
    let support = support(program);
    let import = (!program.types.is_empty()).then(|| {
        quote!(
            use serde::{Deserialize, Serialize};
        )
    });
    let file = quote! {
        #import
        #(#types)*
        #alias
        #support
    };
    match syn::parse2(file.clone()) {
        Ok(file) => spaced(&prettyplease::unparse(&file)),
        // Readable at least, and the compiler will name the place.
        Err(_) => file.to_string(),
    }
}

/// A root that is no type of its own gets its name all the same.
fn root_alias(program: &Program) -> TokenStream {
    if let Type::Named(id) = &program.root
        && program.types[id.0].name == program.root_name
    {
        return TokenStream::new();
    }
    let name = format_ident!("{}", program.root_name);
    let ty = ty::tokens(program, &program.root);
    quote! {
        /// The root of the schema.
        pub type #name = #ty;
    }
}

/// Absent and null are two things: serde reads both as `None` unless it is told otherwise.
fn support(program: &Program) -> TokenStream {
    let needed = program.types.iter().any(|named| match &named.kind {
        NamedKind::Struct(structure) => structure
            .fields
            .iter()
            .any(|field| matches!(field.presence, Presence::OptionalNullable)),
        _ => false,
    });
    if !needed {
        return TokenStream::new();
    }
    quote! {
        /// Reads a key that is there: null is a value, absence is none.
        fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
        where
            T: Deserialize<'de>,
            D: ::serde::Deserializer<'de>,
        {
            T::deserialize(deserializer).map(Some)
        }
    }
}

/// An empty line before each item, which prettyplease leaves out.
fn spaced(code: &str) -> String {
    let mut text = String::with_capacity(code.len() + code.len() / 32);
    let mut in_head = false;
    for line in code.lines() {
        let head = line.starts_with("///") || line.starts_with("#[");
        let item = ["pub ", "impl ", "fn "]
            .iter()
            .any(|start| line.starts_with(start));
        if (head || item) && !in_head && !text.is_empty() {
            text.push('\n');
        }
        in_head = head;
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Doc comments, a line each; text that rustdoc would take for markup is kept from it.
fn docs(text: Option<&String>, otherwise: &str) -> TokenStream {
    let text = text.map_or(otherwise, String::as_str);
    let lines = text.trim().lines().map(|line| {
        let mut escaped = String::from(" ");
        for c in line.trim_end().chars() {
            if matches!(c, '<' | '>' | '[' | ']') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        escaped
    });
    quote!(#(#[doc = #lines])*)
}
