//! What can only be done when all types are known.

mod boxes;
mod same;
mod walk;

use crate::ir::types::{Named, NamedKind, Presence, Program, Type};

pub(super) fn polish(mut program: Program) -> Program {
    same::fold(&mut program);
    tell_null_from_absence(&mut program.types);
    boxes::insert(&mut program.types);
    program
}

/// An optional key whose type has a null of its own.
fn tell_null_from_absence(types: &mut [Named]) {
    let nullable: Vec<bool> = (0..types.len())
        .map(|index| named_admits_null(types, index, 0))
        .collect();
    for named in types {
        let NamedKind::Struct(structure) = &mut named.kind else {
            continue;
        };
        for field in &mut structure.fields {
            if let (Presence::Optional, Type::Option(inner)) = (&field.presence, &field.ty)
                && admits_null(inner, &nullable)
            {
                field.presence = Presence::OptionalNullable;
            }
        }
    }
}

fn admits_null(ty: &Type, named: &[bool]) -> bool {
    match ty {
        Type::Any | Type::Null | Type::Option(_) | Type::Loose(_) => true,
        Type::Named(id) => named[id.0],
        Type::Boxed(ty) => admits_null(ty, named),
        _ => false,
    }
}

fn named_admits_null(types: &[Named], index: usize, depth: usize) -> bool {
    let admits = |ty: &Type| match ty {
        Type::Named(id) => depth < 16 && named_admits_null(types, id.0, depth + 1),
        ty => admits_null(ty, &[]),
    };
    match &types[index].kind {
        NamedKind::Untagged(alternatives) => alternatives
            .iter()
            .any(|alternative| admits(&alternative.ty)),
        NamedKind::Wrapper(ty) => admits(ty),
        _ => false,
    }
}
