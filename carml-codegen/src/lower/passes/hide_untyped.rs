//! Masks what a schema does not describe beside secrets: a misspelt key would put a secret there.

use super::visit;
use crate::ir::types::{Extra, Named, NamedKind, Type};

pub(super) fn run(types: &mut [Named]) {
    let bearing = bearing(types);
    for (named, bearing) in types.iter_mut().zip(&bearing) {
        if *bearing
            && let NamedKind::Struct(structure) = &mut named.kind
            && structure.extra == Extra::Kept(Type::Any)
        {
            structure.extra = Extra::Hidden;
        }
    }
    for named in types {
        visit::slots(named, &mut |ty| hide_others(ty, &bearing));
    }
}

/// Which types have a secret in their values.
fn bearing(types: &mut [Named]) -> Vec<bool> {
    let mut bearing = vec![false; types.len()];
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); types.len()];
    for (index, named) in types.iter_mut().enumerate() {
        visit::slots(named, &mut |ty| {
            bearing[index] |= holds(ty, &[]);
            visit::inner(ty, &mut |id| users[id.0].push(index));
        });
    }
    let found = bearing.iter().enumerate().filter(|(_, bearing)| **bearing);
    let mut pending: Vec<usize> = found.map(|(index, _)| index).collect();
    while let Some(index) = pending.pop() {
        for user in &users[index] {
            if !std::mem::replace(&mut bearing[*user], true) {
                pending.push(*user);
            }
        }
    }
    bearing
}

/// Whether a type has a secret in its values, as far as that is known of the types that it uses.
fn holds(ty: &Type, bearing: &[bool]) -> bool {
    match ty {
        Type::Named(id) => bearing.get(id.0).copied().unwrap_or(false),
        Type::Tuple(items) => items.iter().any(|item| holds(item, bearing)),
        Type::List(ty)
        | Type::Map(ty)
        | Type::Option(ty)
        | Type::Boxed(ty)
        | Type::ObjectOr(ty) => holds(ty, bearing),
        ty => ty.is_masked(),
    }
}

/// A value of another type in place of an object with secrets may be one of them.
fn hide_others(ty: &mut Type, bearing: &[bool]) {
    match ty {
        Type::ObjectOr(inner) if holds(inner, bearing) => {
            *ty = std::mem::replace(ty, Type::Any).masked();
        }
        Type::Tuple(items) => items.iter_mut().for_each(|item| hide_others(item, bearing)),
        Type::List(ty) | Type::Map(ty) | Type::Option(ty) | Type::Boxed(ty) => {
            hide_others(ty, bearing);
        }
        _ => {}
    }
}
