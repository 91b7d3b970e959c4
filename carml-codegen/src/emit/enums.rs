//! Enums.

use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, ty};
use crate::ir::types::{Alternative, Named, Program, Variant};

pub(super) fn tagged(program: &Program, named: &Named, variants: &[Variant]) -> TokenStream {
    let name = ty::ident(&named.name);
    let about = docs(named.docs.as_ref(), "One of a few.");
    let bare = variants.iter().all(|variant| variant.options.is_none());
    let (copy, hash) = if bare {
        (quote!(Copy,), quote!(Eq, Hash,))
    } else {
        (TokenStream::new(), TokenStream::new())
    };
    // One attribute for all where it gives every name.
    let snake = variants
        .iter()
        .all(|variant| variant.key == variant.name.to_snake_case());
    let all = snake.then(|| quote!(#[serde(rename_all = "snake_case")]));
    let variants = variants.iter().map(|variant| {
        let name = ty::ident(&variant.name);
        let key = &variant.key;
        let about = docs(variant.docs.as_ref(), &format!("`{key}`"));
        let rename = (!snake && variant.name != *key).then(|| quote!(#[serde(rename = #key)]));
        let options = variant.options.as_ref().map(|options| {
            let options = ty::tokens(program, options);
            quote!((#options))
        });
        quote!(#about #rename #name #options)
    });
    quote! {
        #about
        #[derive(Clone, #copy Debug, PartialEq, #hash Deserialize, Serialize)]
        #all
        pub enum #name { #(#variants,)* }
    }
}

pub(super) fn untagged(
    program: &Program,
    named: &Named,
    alternatives: &[Alternative],
) -> TokenStream {
    let name = ty::ident(&named.name);
    let about = docs(named.docs.as_ref(), "One of a few forms.");
    let alternatives = alternatives.iter().map(|alternative| {
        let name = ty::ident(&alternative.name);
        let about = docs(
            alternative.docs.as_ref(),
            &format!("The form `{}`.", alternative.name),
        );
        let ty = ty::tokens(program, &alternative.ty);
        quote!(#about #name(#ty))
    });
    quote! {
        #about
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
        #[serde(untagged)]
        pub enum #name { #(#alternatives,)* }
    }
}
