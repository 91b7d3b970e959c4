//! A union of scalars and lists, such as a string or a list of strings, means the same wherever it
//! is used: it is one type, named after its alternatives.

use std::collections::BTreeSet;

use super::super::names;
use crate::ir::types::{Docs, Named, NamedKind, Type};

/// Nothing but its alternatives distinguishes it from another.
pub(super) fn is_plain(named: &Named) -> bool {
    match &named.kind {
        NamedKind::Untagged(alternatives) => {
            named.constraints.is_empty() && alternatives.iter().all(|one| plain(&one.ty))
        }
        _ => false,
    }
}

fn plain(ty: &Type) -> bool {
    match ty {
        Type::Tuple(items) => items.iter().all(plain),
        Type::List(ty) | Type::Map(ty) | Type::Option(ty) => plain(ty),
        Type::Boolean | Type::Integer(_) | Type::Float | Type::AnyInteger => true,
        Type::Number | Type::String | Type::Null | Type::Any => true,
        Type::Boxed(_) | Type::ObjectOr(_) | Type::Named(_) | Type::Extern { .. } => false,
        Type::Secret(_) => false,
    }
}

/// Names those that replace several, as `target` says.
pub(super) fn name(types: &mut [Named], target: &[usize], root: &str) {
    let moved = target.iter().enumerate().filter(|(from, to)| from != *to);
    let shared: BTreeSet<usize> = moved.map(|(_, to)| *to).collect();
    for index in shared {
        if !is_plain(&types[index]) {
            continue;
        }
        let preferred = after_alternatives(&types[index]);
        if types[index].name.starts_with(&preferred) || types[index].name == root {
            continue;
        }
        let free = |name: &String| {
            !names::is_taken(name) && !types.iter().any(|named| named.name == *name)
        };
        let numbered = (2..).map(|count| format!("{preferred}{count}"));
        let name = [preferred.clone()].into_iter().chain(numbered).find(free);
        types[index].name = name.unwrap_or(preferred);
        types[index].docs = Docs::default();
    }
}

/// `ListOrText`
fn after_alternatives(named: &Named) -> String {
    match &named.kind {
        NamedKind::Untagged(alternatives) => {
            let names: Vec<&str> = alternatives.iter().map(|one| one.name.as_str()).collect();
            names.join("Or")
        }
        _ => named.name.clone(),
    }
}
