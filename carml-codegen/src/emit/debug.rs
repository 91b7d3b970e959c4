//! `Debug` of types that hold text of a config: a password may be part of an address in it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Emit, helpers::Helper, structs, ty};
use crate::ir::types::{Extra, NamedKind, Type};

/// Whether a type has an implementation of its own instead of the derived one. Only modules that
/// extend the base config mask credentials: they have the support code for it.
pub(super) fn is_written(emit: &Emit<'_>, kind: &NamedKind) -> bool {
    let shows = |ty: &Option<Type>| ty.as_ref().is_some_and(shows_text);
    emit.program.secret.is_some()
        && match kind {
            NamedKind::Struct(structure) => {
                matches!(structure.extra, Extra::Kept(_))
                    || structure.fields.iter().any(|f| shows_text(&f.ty))
            }
            NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => {
                variants.iter().any(|variant| shows(&variant.options))
            }
            NamedKind::Untagged(alternatives) => alternatives.iter().any(|a| shows_text(&a.ty)),
            NamedKind::Wrapper(inner) => shows_text(inner),
        }
}

/// The implementation, for a type that needs one.
pub(super) fn implementation(emit: &Emit<'_>, name: &str, kind: &NamedKind) -> TokenStream {
    if !is_written(emit, kind) {
        return TokenStream::new();
    }
    emit.needs(Helper::WithoutCredentials);
    let body = match kind {
        NamedKind::Struct(structure) => {
            let fields = structure.fields.iter().map(|field| {
                let (member, shown) = (ty::ident(&field.name), &field.name);
                let value = masked(&field.ty, &quote!(&self.#member));
                quote!(.field(#shown, #value))
            });
            let member = structs::extra_name(structure);
            let shown = member.to_string();
            let extra = match structure.extra {
                Extra::Denied => TokenStream::new(),
                Extra::Hidden => quote!(.field(#shown, &self.#member)),
                Extra::Kept(_) => quote!(.field(#shown, &WithoutCredentials(&self.#member))),
            };
            quote!(f.debug_struct(#name)#(#fields)*#extra.finish())
        }
        NamedKind::Wrapper(_) => {
            quote!(f.debug_tuple(#name).field(&WithoutCredentials(&self.0)).finish())
        }
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => {
            let arms = variants.iter().map(|v| arm(&v.name, v.options.as_ref()));
            quote!(match self { #(#arms)* })
        }
        NamedKind::Untagged(alternatives) => {
            let arms = alternatives.iter().map(|a| arm(&a.name, Some(&a.ty)));
            quote!(match self { #(#arms)* })
        }
    };
    let deprecated = match kind {
        NamedKind::Struct(structure) => structure.fields.iter().any(|field| field.deprecated),
        _ => false,
    };
    let deprecated = deprecated.then(|| quote!(#[allow(deprecated)]));
    let ident = ty::ident(name);
    quote! {
        #deprecated
        impl std::fmt::Debug for #ident {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                #body
            }
        }
    }
}

fn arm(name: &str, options: Option<&Type>) -> TokenStream {
    let variant = ty::ident(name);
    match options {
        Some(options) => {
            let value = masked(options, &quote!(value));
            quote!(Self::#variant(value) => f.debug_tuple(#name).field(#value).finish(),)
        }
        None => quote!(Self::#variant => f.write_str(#name),),
    }
}

fn masked(ty: &Type, value: &TokenStream) -> TokenStream {
    match shows_text(ty) {
        true => quote!(&WithoutCredentials(#value)),
        false => value.clone(),
    }
}

/// Whether `Debug` of a type shows text, other than that of named types, which mask it themselves.
fn shows_text(ty: &Type) -> bool {
    match ty {
        Type::String | Type::Any | Type::Map(_) | Type::ObjectOr(_) => true,
        Type::List(inner) | Type::Option(inner) | Type::Boxed(inner) => shows_text(inner),
        Type::Tuple(items) => items.iter().any(shows_text),
        Type::Extern { scalar, .. } => scalar.is_none(),
        Type::Boolean
        | Type::Integer(_)
        | Type::Float
        | Type::AnyInteger
        | Type::Number
        | Type::Null
        | Type::Secret(_)
        | Type::Named(_) => false,
    }
}
