//! Enums.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Definition, Emit, docs, helpers::Helper, rename, structs, ty};
use crate::ir::types::{Alternative, Named, Variant};

/// Strings and externally tagged options, or options with a tag among their keys.
pub(super) fn keyed(
    emit: &Emit<'_>,
    named: &Named,
    tag: Option<&String>,
    variants: &[Variant],
) -> Definition {
    let name = ty::ident(&named.name);
    let about = docs::tokens(&named.docs);
    let optional: Vec<&String> = variants
        .iter()
        .filter(|variant| variant.optional)
        .map(|variant| &variant.key)
        .collect();
    let bare = variants.iter().all(|variant| variant.options.is_none());
    let derives = match bare {
        true => emit.derives(named, &["Copy", "Eq", "Hash"]),
        false if optional.is_empty() => emit.derives(named, &[]),
        false => emit.derives_with(named, &[], &["Serialize"]),
    };
    let spelled: Vec<String> = variants
        .iter()
        .map(|variant| ty::ident(&variant.name).to_string())
        .collect();
    let keys = variants.iter().map(|variant| variant.key.as_str());
    let names = spelled.iter().map(String::as_str).zip(keys);
    let convention = rename::best(rename::VARIANTS, &names);
    let mut serde = Vec::new();
    serde.extend(tag.map(|tag| quote!(tag = #tag)));
    serde.extend(convention.map(|convention| {
        let name = convention.name;
        quote!(rename_all = #name)
    }));
    let all = (!serde.is_empty()).then(|| quote!(#[serde(#(#serde),*)]));
    let variants = variants.iter().zip(&spelled).map(|(variant, spelled)| {
        let name = ty::ident(&variant.name);
        let key = &variant.key;
        let about = docs::tokens(&variant.docs);
        let spelled = match convention {
            Some(convention) => (convention.apply)(spelled),
            None => spelled.clone(),
        };
        let mut serde = Vec::new();
        if spelled != *key {
            serde.push(quote!(rename = #key));
        }
        let reader = variant.options.as_ref();
        let reader = reader.and_then(|options| structs::reader(emit, options));
        serde.extend(reader.map(|reader| quote!(deserialize_with = #reader)));
        let attribute = (!serde.is_empty()).then(|| quote!(#[serde(#(#serde),*)]));
        let options = variant.options.as_ref().map(|options| {
            let options = emit.ty(options);
            quote!((#options))
        });
        (about, quote!(#attribute #name #options))
    });
    let (about_each, variants): (Vec<_>, Vec<_>) = variants.unzip();
    let item = quote! {
        #about
        #derives
        #all
        pub enum #name { #(#about_each #variants,)* }
    };
    if optional.is_empty() {
        return item.into();
    }
    emit.uses(&["Deserializer"]);
    emit.needs(Helper::WithOptions);
    let remote = named.name.as_str();
    let impls = quote! {
        impl<'de> Deserialize<'de> for #name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                #[serde(remote = #remote, #(#serde),*)]
                enum Variants__ { #(#variants,)* }
                let value = with_options(d, &[#(#optional),*])?;
                Variants__::deserialize(value).map_err(serde::de::Error::custom)
            }
        }
    };
    Definition { item, impls }
}

pub(super) fn untagged(
    emit: &Emit<'_>,
    named: &Named,
    alternatives: &[Alternative],
) -> TokenStream {
    let name = ty::ident(&named.name);
    let about = docs::tokens(&named.docs);
    let derives = emit.derives(named, &[]);
    let alternatives = alternatives.iter().map(|alternative| {
        let name = ty::ident(&alternative.name);
        let about = docs::tokens(&alternative.docs);
        let reader = structs::reader(emit, &alternative.ty);
        let attribute = reader.map(|reader| quote!(#[serde(deserialize_with = #reader)]));
        let ty = emit.ty(&alternative.ty);
        quote!(#about #attribute #name(#ty))
    });
    quote! {
        #about
        #derives
        #[serde(untagged)]
        pub enum #name { #(#alternatives,)* }
    }
}
