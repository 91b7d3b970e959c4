//! A choice between plain forms, such as a text or a list of texts, means the same wherever it
//! stands: it is one type, called after its forms.

use std::collections::BTreeSet;

use super::super::names;
use crate::ir::types::{Docs, Named, NamedKind, Type};

/// Nothing but its forms tells it from another.
pub(super) fn is_plain(named: &Named) -> bool {
    match &named.kind {
        NamedKind::Untagged(forms) => {
            named.rules.is_empty() && forms.iter().all(|form| plain(&form.ty))
        }
        _ => false,
    }
}

fn plain(ty: &Type) -> bool {
    match ty {
        Type::Tuple(items) => items.iter().all(plain),
        Type::List(ty) | Type::Map(ty) | Type::Option(ty) => plain(ty),
        Type::Boolean | Type::Integer(_) | Type::Float | Type::Whole => true,
        Type::Number | Type::String | Type::Null | Type::Any => true,
        Type::Boxed(_) | Type::Loose(_) | Type::Named(_) | Type::Extern { .. } => false,
    }
}

/// Names those that stand for several, which go to where `target` says.
pub(super) fn name(types: &mut [Named], target: &[usize], root: &str) {
    let moved = target.iter().enumerate().filter(|(from, to)| from != *to);
    let shared: BTreeSet<usize> = moved.map(|(_, to)| *to).collect();
    for index in shared {
        if !is_plain(&types[index]) {
            continue;
        }
        let wish = after_forms(&types[index]);
        if types[index].name.starts_with(&wish) || types[index].name == root {
            continue;
        }
        let free = |name: &String| {
            !names::is_taken(name) && !types.iter().any(|named| named.name == *name)
        };
        let numbered = (2..).map(|count| format!("{wish}{count}"));
        let name = [wish.clone()].into_iter().chain(numbered).find(free);
        types[index].name = name.unwrap_or(wish);
        types[index].docs = Docs::default();
    }
}

/// `ListOrText`
fn after_forms(named: &Named) -> String {
    match &named.kind {
        NamedKind::Untagged(forms) => {
            let names: Vec<&str> = forms.iter().map(|form| form.name.as_str()).collect();
            names.join("Or")
        }
        _ => named.name.clone(),
    }
}
