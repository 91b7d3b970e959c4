//! Structs.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{docs, literal, ty};
use crate::ir::types::{Extra, Field, Named, Presence, Program, Struct, Type};

pub(super) fn emit(program: &Program, named: &Named, structure: &Struct) -> TokenStream {
    let name = ty::ident(&named.name);
    let about = docs(named.docs.as_ref(), "An object.");
    let defaults: Vec<Option<TokenStream>> = structure
        .fields
        .iter()
        .map(|field| default(program, field))
        .collect();
    // With a value for every field, one attribute does what else each field needs.
    let complete = defaults.iter().all(Option::is_some);
    let derive_default = complete
        && structure.fields.iter().all(|field| match &field.presence {
            Presence::Default(value) => literal::is_types_own(program, &field.ty, value),
            _ => true,
        });
    let fields = structure
        .fields
        .iter()
        .map(|field| emit_field(program, &named.name, field, complete));
    let container = match (
        complete && !structure.fields.is_empty(),
        matches!(structure.extra, Extra::Denied),
    ) {
        (true, true) => quote!(#[serde(default, deny_unknown_fields)]),
        (true, false) => quote!(#[serde(default)]),
        (false, true) => quote!(#[serde(deny_unknown_fields)]),
        (false, false) => TokenStream::new(),
    };
    let extra_name = extra_name(structure);
    let extra = match &structure.extra {
        Extra::Denied => TokenStream::new(),
        Extra::Kept(value) => {
            let value = ty::tokens(program, value);
            quote! {
                /// Every other key.
                #[serde(flatten)]
                pub #extra_name: ::std::collections::BTreeMap<String, #value>,
            }
        }
    };
    let derived = derive_default.then(|| quote!(Default,));
    let deprecated = structure
        .fields
        .iter()
        .any(|field| field.deprecated)
        .then(|| quote!(#[allow(deprecated)]));
    let default_impl = (complete && !derive_default).then(|| {
        let fields = structure
            .fields
            .iter()
            .zip(&defaults)
            .map(|(field, default)| {
                let name = ty::ident(&field.name);
                quote!(#name: #default)
            });
        let extra = matches!(structure.extra, Extra::Kept(_))
            .then(|| quote!(#extra_name: ::std::collections::BTreeMap::new(),));
        quote! {
            #deprecated
            impl Default for #name {
                fn default() -> Self {
                    Self { #(#fields,)* #extra }
                }
            }
        }
    });
    // A struct with a required field has its defaults one by one.
    let functions: Vec<TokenStream> = if complete {
        Vec::new()
    } else {
        structure
            .fields
            .iter()
            .zip(&defaults)
            .filter(|(field, _)| matches!(field.presence, Presence::Default(_)))
            .filter_map(|(field, default)| {
                let default = default.as_ref()?;
                let name = format_ident!("default_{}", field.name);
                let ty = ty::tokens(program, &field.ty);
                Some(quote!(fn #name() -> #ty { #default }))
            })
            .collect()
    };
    let functions = (!functions.is_empty()).then(|| quote!(impl #name { #(#functions)* }));
    quote! {
        #about
        #[derive(Clone, Debug, #derived PartialEq, Deserialize, Serialize)]
        #container
        #deprecated
        pub struct #name { #(#fields)* #extra }
        #default_impl
        #functions
    }
}

/// A name for the other keys that no field has.
fn extra_name(structure: &Struct) -> proc_macro2::Ident {
    let mut name = "extra".to_owned();
    while structure.fields.iter().any(|field| field.name == name) {
        name.push('_');
    }
    ty::ident(&name)
}

fn default(program: &Program, field: &Field) -> Option<TokenStream> {
    match &field.presence {
        Presence::Required => None,
        Presence::Optional | Presence::OptionalNullable => Some(quote!(None)),
        Presence::Default(value) => literal::expression(program, &field.ty, value),
    }
}

fn emit_field(program: &Program, owner: &str, field: &Field, complete: bool) -> TokenStream {
    let name = ty::ident(&field.name);
    let key = &field.key;
    let about = docs(field.docs.as_ref(), &format!("`{key}`"));
    let ty = ty::tokens(program, &field.ty);
    let mut serde = Vec::new();
    // serde takes the `r#` away by itself.
    let spelled = name.to_string();
    if spelled.strip_prefix("r#").unwrap_or(&spelled) != key {
        serde.push(quote!(rename = #key));
    }
    match &field.presence {
        Presence::Required => {}
        Presence::Optional | Presence::OptionalNullable => {
            let nullable = matches!(field.presence, Presence::OptionalNullable);
            if nullable && !complete {
                serde.push(quote!(default));
            }
            if nullable {
                serde.push(quote!(deserialize_with = "present"));
            }
            serde.push(quote!(skip_serializing_if = "Option::is_none"));
        }
        Presence::Default(value) if !complete => {
            if literal::expression(program, &field.ty, value).is_some() {
                let path = format!("{owner}::default_{}", field.name);
                serde.push(quote!(default = #path));
            }
        }
        Presence::Default(_) => {}
    }
    let attribute = (!serde.is_empty()).then(|| quote!(#[serde(#(#serde),*)]));
    // A required key of type `()` or `Option` must still be there.
    let required_null =
        matches!(field.presence, Presence::Required) && matches!(field.ty, Type::Option(_));
    let required = required_null
        .then(|| quote!(#[serde(deserialize_with = "::serde::Deserialize::deserialize")]));
    let deprecated = field.deprecated.then(|| quote!(#[deprecated]));
    quote!(#about #deprecated #attribute #required pub #name: #ty,)
}
