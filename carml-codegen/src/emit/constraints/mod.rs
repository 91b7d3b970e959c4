//! Constraints that types cannot express, as boolean expressions over a `&Value` called `v`.

mod expression;
mod functions;
mod place;
mod scalar;

use proc_macro2::TokenStream;
use quote::quote;

pub(super) use self::functions::Functions;
use self::place::Place;
use super::{Emit, helpers::Helper};
use crate::ir::{constraint::Constraint, types::Named};

/// The check of constraints that the type cannot express: the value's name, and the body.
pub(super) fn check(emit: &Emit<'_>, named: &Named) -> Option<(TokenStream, TokenStream)> {
    let (last, first) = named.constraints.split_last()?;
    emit.needs(Helper::Ensure);
    let ensure = |constraint: &Constraint| {
        let what = match &constraint.key {
            Some(key) => format!("`{key}`"),
            None => "the value".to_owned(),
        };
        let keywords = constraint.keywords();
        let valid = emit.predicate(&constraint.predicate, &Place::whole(&named.name));
        quote!(ensure(#what, #keywords, #valid))
    };
    let first = first.iter().map(ensure);
    let last = ensure(last);
    let body = quote!(#(#first?;)* #last);
    Some((place::parameter(&body), body))
}
