//! Every use of a type in a definition.

use crate::ir::{
    check::Test,
    types::{Extra, Named, NamedKind, Type, TypeId},
};

/// Calls `see` for every named type that a definition uses.
pub(super) fn uses(named: &mut Named, see: &mut impl FnMut(&mut TypeId)) {
    match &mut named.kind {
        NamedKind::Struct(structure) => {
            for field in &mut structure.fields {
                inner(&mut field.ty, see);
            }
            if let Extra::Kept(ty) = &mut structure.extra {
                inner(ty, see);
            }
        }
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => {
            for options in variants.iter_mut().filter_map(|v| v.options.as_mut()) {
                inner(options, see);
            }
        }
        NamedKind::Untagged(alternatives) => {
            for alternative in alternatives {
                inner(&mut alternative.ty, see);
            }
        }
        NamedKind::Wrapper(ty) => inner(ty, see),
    }
    for rule in &mut named.rules {
        tested(&mut rule.test, see);
    }
}

pub(super) fn inner(ty: &mut Type, see: &mut impl FnMut(&mut TypeId)) {
    match ty {
        Type::Named(id) => see(id),
        Type::Tuple(items) => items.iter_mut().for_each(|item| inner(item, see)),
        Type::List(ty) | Type::Map(ty) | Type::Option(ty) | Type::Boxed(ty) | Type::Loose(ty) => {
            inner(ty, see);
        }
        _ => {}
    }
}

fn tested(test: &mut Test, see: &mut impl FnMut(&mut TypeId)) {
    match test {
        Test::Is(id) => see(id),
        Test::At(_, test)
        | Test::EachFrom(_, test)
        | Test::Contains(test)
        | Test::Key(_, test)
        | Test::Names(test)
        | Test::Matching(_, test)
        | Test::Others { test, .. }
        | Test::Not(test) => tested(test, see),
        Test::All(tests) | Test::Any(tests) | Test::One(tests) => {
            for test in tests {
                tested(test, see);
            }
        }
        _ => {}
    }
}
