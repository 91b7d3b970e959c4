//! Puts a box where a type would otherwise contain itself.

use crate::ir::types::{Named, NamedKind, Type, TypeId};

pub(super) fn run(types: &mut [Named]) {
    for index in 0..types.len() {
        let mut held = Vec::new();
        for slot in slots(&types[index].kind) {
            leaves(slot, &mut held);
        }
        held.sort();
        held.dedup();
        held.retain(|held| reaches(types, *held, TypeId(index)));
        for slot in slots_mut(&mut types[index].kind) {
            wrap(slot, &held);
        }
    }
}

/// The types that a definition holds without an allocation between.
fn slots(kind: &NamedKind) -> Vec<&Type> {
    match kind {
        NamedKind::Struct(structure) => structure.fields.iter().map(|field| &field.ty).collect(),
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => variants
            .iter()
            .filter_map(|variant| variant.options.as_ref())
            .collect(),
        NamedKind::Wrapper(ty) => vec![ty],
        NamedKind::Untagged(alternatives) => alternatives.iter().map(|one| &one.ty).collect(),
    }
}

fn slots_mut(kind: &mut NamedKind) -> Vec<&mut Type> {
    match kind {
        NamedKind::Struct(structure) => {
            let fields = structure.fields.iter_mut();
            fields.map(|field| &mut field.ty).collect()
        }
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => variants
            .iter_mut()
            .filter_map(|variant| variant.options.as_mut())
            .collect(),
        NamedKind::Wrapper(ty) => vec![ty],
        NamedKind::Untagged(alternatives) => {
            let alternatives = alternatives.iter_mut();
            alternatives.map(|one| &mut one.ty).collect()
        }
    }
}

/// The named types in a type, as far as there is no allocation between.
fn leaves(ty: &Type, into: &mut Vec<TypeId>) {
    match ty {
        Type::Named(id) => into.push(*id),
        Type::Option(ty) | Type::ObjectOr(ty) | Type::Secret(ty) => leaves(ty, into),
        Type::Tuple(items) => items.iter().for_each(|item| leaves(item, into)),
        _ => {}
    }
}

fn reaches(types: &[Named], from: TypeId, to: TypeId) -> bool {
    let mut seen = vec![false; types.len()];
    let mut pending = vec![from];
    while let Some(id) = pending.pop() {
        if id == to {
            return true;
        }
        if !std::mem::replace(&mut seen[id.0], true) {
            for slot in slots(&types[id.0].kind) {
                leaves(slot, &mut pending);
            }
        }
    }
    false
}

/// Boxes the named types that lead back to the definition.
fn wrap(ty: &mut Type, cyclic: &[TypeId]) {
    match ty {
        Type::Named(id) if cyclic.contains(id) => {
            *ty = Type::Boxed(Box::new(std::mem::replace(ty, Type::Any)));
        }
        Type::Option(ty) | Type::ObjectOr(ty) | Type::Secret(ty) => wrap(ty, cyclic),
        Type::Tuple(items) => items.iter_mut().for_each(|item| wrap(item, cyclic)),
        _ => {}
    }
}
