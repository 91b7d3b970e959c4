//! What types leave unsaid, as boolean expressions over a `&Value` called `v`.

mod place;
mod predicate;
mod scalar;
mod test;

use proc_macro2::TokenStream;
use quote::quote;

use self::place::Place;
pub(super) use self::predicate::Predicates;
use super::{Emit, helpers::Helper, ty};
use crate::ir::{check::Rule, types::Named};

/// The function that tests what the type leaves unsaid.
pub(super) fn emit(emit: &Emit<'_>, named: &Named) -> TokenStream {
    let Some((last, first)) = named.rules.split_last() else {
        return TokenStream::new();
    };
    emit.needs(Helper::Rule);
    let rule = |rule: &Rule| {
        let about = &rule.about;
        let test = emit.test(&rule.test, &Place::whole(&named.name));
        quote!(rule(#about, #test))
    };
    let first = first.iter().map(rule);
    let last = rule(last);
    let name = ty::ident(&named.name);
    let body = quote!(#(#first?;)* #last);
    let v = place::parameter(&body);
    quote! {
        impl #name {
            fn check(#v: &Value) -> Result<(), String> { #body }
        }
    }
}
