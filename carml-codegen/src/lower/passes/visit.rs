//! Every use of a type in a definition.

use crate::ir::{
    constraint::Predicate,
    types::{Extra, Named, NamedKind, Type, TypeId},
};

/// Calls `see` for each type that a definition holds.
pub(super) fn slots(named: &mut Named, see: &mut impl FnMut(&mut Type)) {
    match &mut named.kind {
        NamedKind::Struct(structure) => {
            for field in &mut structure.fields {
                see(&mut field.ty);
            }
            if let Extra::Kept(ty) = &mut structure.extra {
                see(ty);
            }
        }
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => {
            let options = variants.iter_mut().filter_map(|v| v.options.as_mut());
            options.for_each(see);
        }
        NamedKind::Untagged(alternatives) => {
            for alternative in alternatives {
                see(&mut alternative.ty);
            }
        }
        NamedKind::Wrapper(ty) => see(ty),
    }
}

/// Calls `see` for every named type that a definition uses.
pub(super) fn uses(named: &mut Named, see: &mut impl FnMut(&mut TypeId)) {
    slots(named, &mut |ty| inner(ty, see));
    for constraint in &mut named.constraints {
        of_predicate(&mut constraint.predicate, see);
    }
}

pub(super) fn inner(ty: &mut Type, see: &mut impl FnMut(&mut TypeId)) {
    match ty {
        Type::Named(id) => see(id),
        Type::Tuple(items) => items.iter_mut().for_each(|item| inner(item, see)),
        Type::List(ty)
        | Type::Map(ty)
        | Type::Option(ty)
        | Type::Boxed(ty)
        | Type::Secret(ty)
        | Type::ObjectOr(ty) => inner(ty, see),
        _ => {}
    }
}

fn of_predicate(predicate: &mut Predicate, see: &mut impl FnMut(&mut TypeId)) {
    match predicate {
        Predicate::Is(id) => see(id),
        Predicate::At(_, inner)
        | Predicate::EachFrom(_, inner)
        | Predicate::Contains(inner)
        | Predicate::Key(_, inner)
        | Predicate::Names(inner)
        | Predicate::Matching(_, inner)
        | Predicate::Others {
            predicate: inner, ..
        }
        | Predicate::Not(inner) => of_predicate(inner, see),
        Predicate::All(all) | Predicate::Any(all) | Predicate::One(all) => {
            for predicate in all {
                of_predicate(predicate, see);
            }
        }
        _ => {}
    }
}
