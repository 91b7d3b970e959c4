//! Puts a box where a type would else hold itself.

use crate::ir::types::{Named, NamedKind, Type, TypeId};

pub(super) fn insert(types: &mut [Named]) {
    for index in 0..types.len() {
        let edges: Vec<bool> = slots(&types[index].kind)
            .map(|ty| inner(ty).is_some_and(|to| reaches(types, to, TypeId(index))))
            .collect();
        for (slot, boxed) in slots_mut(&mut types[index].kind).zip(edges) {
            if boxed {
                wrap(slot);
            }
        }
    }
}

fn slots(kind: &NamedKind) -> Box<dyn Iterator<Item = &Type> + '_> {
    match kind {
        NamedKind::Struct(structure) => Box::new(structure.fields.iter().map(|field| &field.ty)),
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => Box::new(
            variants
                .iter()
                .filter_map(|variant| variant.options.as_ref()),
        ),
        NamedKind::Wrapper(ty) => Box::new(std::iter::once(ty)),
        NamedKind::Untagged(alternatives) => {
            Box::new(alternatives.iter().map(|alternative| &alternative.ty))
        }
    }
}

fn slots_mut(kind: &mut NamedKind) -> Box<dyn Iterator<Item = &mut Type> + '_> {
    match kind {
        NamedKind::Struct(structure) => {
            Box::new(structure.fields.iter_mut().map(|field| &mut field.ty))
        }
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => Box::new(
            variants
                .iter_mut()
                .filter_map(|variant| variant.options.as_mut()),
        ),
        NamedKind::Wrapper(ty) => Box::new(std::iter::once(ty)),
        NamedKind::Untagged(alternatives) => Box::new(
            alternatives
                .iter_mut()
                .map(|alternative| &mut alternative.ty),
        ),
    }
}

/// The named type that is held without an allocation between.
fn inner(ty: &Type) -> Option<TypeId> {
    match ty {
        Type::Named(id) => Some(*id),
        Type::Option(ty) | Type::Loose(ty) => inner(ty),
        _ => None,
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
            pending.extend(slots(&types[id.0].kind).filter_map(inner));
        }
    }
    false
}

fn wrap(ty: &mut Type) {
    match ty {
        Type::Option(ty) | Type::Loose(ty) => wrap(ty),
        _ => *ty = Type::Boxed(Box::new(std::mem::replace(ty, Type::Any))),
    }
}
