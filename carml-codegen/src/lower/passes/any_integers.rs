//! `1.0` is an integer, but serde does not read it as one of Rust's. Where a type holds nothing but
//! such integers, it is converted on the way; elsewhere an integer of any form is read.

use std::borrow::Cow;

use super::visit;
use crate::ir::types::{Program, Type};

pub(super) fn run(program: &mut Program) {
    for named in &mut program.types {
        visit::slots(named, &mut |ty| {
            if !is_convertible(ty) {
                replace(ty);
            }
        });
    }
    // The name of another type has no place for an attribute.
    replace(&mut program.root);
}

/// The type as a field will have it.
pub(in crate::lower) fn in_field(ty: &Type) -> Cow<'_, Type> {
    match is_convertible(ty) {
        true => Cow::Borrowed(ty),
        false => in_alias(ty),
    }
}

/// The type as an alias will have it.
pub(in crate::lower) fn in_alias(ty: &Type) -> Cow<'_, Type> {
    let mut ty = ty.clone();
    replace(&mut ty);
    Cow::Owned(ty)
}

/// Whether floats may be converted anywhere in it.
fn is_convertible(ty: &Type) -> bool {
    match ty {
        Type::Integer(_) | Type::Boolean | Type::String | Type::Null => true,
        Type::Tuple(items) => items.iter().all(is_convertible),
        Type::List(ty) | Type::Map(ty) | Type::Option(ty) | Type::Boxed(ty) | Type::Secret(ty) => {
            is_convertible(ty)
        }
        Type::Float
        | Type::AnyInteger
        | Type::Number
        | Type::Any
        | Type::ObjectOr(_)
        | Type::Named(_)
        | Type::Extern { .. } => false,
    }
}

fn replace(ty: &mut Type) {
    match ty {
        Type::Integer(_) => *ty = Type::AnyInteger,
        Type::Tuple(items) => items.iter_mut().for_each(replace),
        Type::List(ty) | Type::Map(ty) | Type::Option(ty) | Type::Boxed(ty) | Type::Secret(ty) => {
            replace(ty);
        }
        _ => {}
    }
}
