//! Structs.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{
    Definition, Emit, docs,
    helpers::Helper,
    integers::{self, Reader},
    literal, rename, ty,
};
use crate::ir::types::{Extra, Field, Named, Presence, Struct, Type};

pub(super) fn emit(emit: &Emit<'_>, named: &Named, structure: &Struct) -> Definition {
    let name = ty::ident(&named.name);
    let about = docs::tokens(&named.docs);
    let defaults: Vec<Option<TokenStream>> = structure
        .fields
        .iter()
        .map(|field| default(emit, field))
        .collect();
    // With a value for every field, one attribute does what each field would need.
    let complete = defaults.iter().all(Option::is_some);
    let derive_default = complete
        && structure.fields.iter().all(|field| match &field.presence {
            Presence::Default(value) => literal::is_types_own(emit, &field.ty, value),
            _ => true,
        });
    let spelled: Vec<String> = structure.fields.iter().map(spelled).collect();
    let names = spelled.iter().map(String::as_str);
    let keys = structure.fields.iter().map(|field| field.key.as_str());
    let convention = rename::best(rename::FIELDS, &names.zip(keys));
    let mut serde = Vec::new();
    // In the macro, serde would require `Default` of its private twin, too.
    let by_container = complete && !emit.by_macro;
    if by_container && !structure.fields.is_empty() {
        serde.push(quote!(default));
    }
    if matches!(structure.extra, Extra::Denied) {
        serde.push(quote!(deny_unknown_fields));
    }
    serde.extend(convention.map(|convention| {
        let name = convention.name;
        quote!(rename_all = #name)
    }));
    let container = (!serde.is_empty()).then(|| quote!(#[serde(#(#serde),*)]));
    let fields = structure
        .fields
        .iter()
        .zip(&spelled)
        .map(|(field, spelled)| {
            let by_convention = match convention {
                Some(convention) => (convention.apply)(spelled),
                None => spelled.clone(),
            };
            emit_field(
                emit,
                &named.name,
                field,
                by_container,
                by_convention != field.key,
            )
        });
    let extra_name = extra_name(structure);
    let extra = match &structure.extra {
        Extra::Denied => TokenStream::new(),
        Extra::Hidden => {
            emit.uses(&["BTreeMap", "Value"]);
            let secret = emit.secret();
            quote! {
                /// Other keys. Their values may be secret.
                #[serde(flatten)]
                pub #extra_name: #secret<BTreeMap<String, Value>>,
            }
        }
        Extra::Kept(value) => {
            emit.uses(&["BTreeMap"]);
            let reader = match integers::reader(value) {
                Some(_) => {
                    emit.needs(Helper::Integers);
                    quote!(, deserialize_with = "integers")
                }
                None => TokenStream::new(),
            };
            let value = emit.ty(value);
            quote! {
                #[serde(flatten #reader)]
                pub #extra_name: BTreeMap<String, #value>,
            }
        }
    };
    let derives = emit.derives(named, if derive_default { &["Default"] } else { &[] });
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
        let extra = match &structure.extra {
            Extra::Denied => None,
            Extra::Kept(_) => Some(quote!(#extra_name: BTreeMap::new(),)),
            Extra::Hidden => Some(quote!(#extra_name: Default::default(),)),
        };
        quote! {
            #deprecated
            impl Default for #name {
                fn default() -> Self {
                    Self { #(#fields,)* #extra }
                }
            }
        }
    });
    // Without an attribute for all, the fields have their defaults one by one.
    let functions: Vec<TokenStream> = if by_container {
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
                let ty = emit.ty(&field.ty);
                Some(quote!(fn #name() -> #ty { #default }))
            })
            .collect()
    };
    let functions = (!functions.is_empty()).then(|| quote!(impl #name { #(#functions)* }));
    Definition {
        item: quote! {
            #about
            #derives
            #container
            #deprecated
            pub struct #name { #(#fields)* #extra }
        },
        impls: quote! {
            #default_impl
            #functions
        },
    }
}

/// A name for the other keys that no field has.
pub(super) fn extra_name(structure: &Struct) -> proc_macro2::Ident {
    let mut name = "extra".to_owned();
    while structure.fields.iter().any(|field| field.name == name) {
        name.push('_');
    }
    ty::ident(&name)
}

fn default(emit: &Emit<'_>, field: &Field) -> Option<TokenStream> {
    match &field.presence {
        Presence::Required => None,
        Presence::Optional => Some(quote!(None)),
        Presence::Default(value) => literal::expression(emit, &field.ty, value),
    }
}

/// serde takes the `r#` away by itself.
fn spelled(field: &Field) -> String {
    let name = ty::ident(&field.name).to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}

fn emit_field(
    emit: &Emit<'_>,
    owner: &str,
    field: &Field,
    by_container: bool,
    renamed: bool,
) -> TokenStream {
    let name = ty::ident(&field.name);
    let key = &field.key;
    let about = docs::tokens(&field.docs);
    let ty = emit.ty(&field.ty);
    let mut serde = Vec::new();
    if renamed {
        serde.push(quote!(rename = #key));
    }
    match &field.presence {
        // A required key of type `()` or `Option` must be present all the same.
        Presence::Required => match reader(emit, &field.ty) {
            Some(reader) => serde.push(quote!(deserialize_with = #reader)),
            None if matches!(field.ty, Type::Option(_)) => {
                serde.push(quote!(deserialize_with = "Option::deserialize"));
            }
            None => {}
        },
        Presence::Optional => {
            if !by_container {
                serde.push(quote!(default));
            }
            let reader = match &field.ty {
                Type::Option(inner) => present(emit, inner),
                ty => present(emit, ty),
            };
            serde.push(quote!(deserialize_with = #reader));
            serde.push(quote!(skip_serializing_if = "Option::is_none"));
        }
        Presence::Default(value) => {
            if !by_container && literal::expression(emit, &field.ty, value).is_some() {
                let path = format!("{owner}::default_{}", field.name);
                serde.push(quote!(default = #path));
            }
            if let Some(reader) = reader(emit, &field.ty) {
                serde.push(quote!(deserialize_with = #reader));
            }
        }
    }
    let attribute = attributes(&serde);
    let deprecated = field.deprecated.then(|| quote!(#[deprecated]));
    quote!(#about #deprecated #attribute pub #name: #ty,)
}

/// What an attribute may contain and still fit on one line.
const MAX_ATTRIBUTE: usize = 84;

/// In one attribute, if it fits on one line; else the first has a line of its own.
fn attributes(parts: &[TokenStream]) -> TokenStream {
    let width: usize = parts.iter().map(|part| part.to_string().len() + 2).sum();
    match parts {
        [] => TokenStream::new(),
        [first, rest @ ..] if width > MAX_ATTRIBUTE && !rest.is_empty() => {
            quote!(#[serde(#first)] #[serde(#(#rest),*)])
        }
        parts => quote!(#[serde(#(#parts),*)]),
    }
}

/// The function that reads a type with integers.
pub(super) fn reader(emit: &Emit<'_>, ty: &Type) -> Option<&'static str> {
    let helper = match integers::reader(ty)? {
        Reader::Scalar => Helper::Integer,
        Reader::Nested => Helper::Integers,
    };
    emit.needs(helper);
    Some(helper.name())
}

/// The function that reads a key that is present.
fn present(emit: &Emit<'_>, ty: &Type) -> &'static str {
    let helper = match integers::reader(ty) {
        None => Helper::Present,
        Some(Reader::Scalar) => Helper::PresentInteger,
        Some(Reader::Nested) => Helper::PresentIntegers,
    };
    emit.needs(helper);
    helper.name()
}

/// A type that holds one other.
pub(super) fn wrapper(emit: &Emit<'_>, named: &Named, inner: &Type) -> TokenStream {
    let name = ty::ident(&named.name);
    let about = docs::tokens(&named.docs);
    let derives = emit.derives(named, &[]);
    let reader = reader(emit, inner).map(|reader| quote!(#[serde(deserialize_with = #reader)]));
    let inner = emit.ty(inner);
    quote! {
        #about
        #derives
        pub struct #name(#reader pub #inner);
    }
}
