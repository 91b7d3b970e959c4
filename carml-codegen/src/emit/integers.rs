//! How a type with integers is read, so that `1.0` is one.

use crate::ir::types::Type;

/// The function that reads it, in place of the type's own; none if the type has no integers.
pub(super) enum Reader {
    /// One integer.
    Scalar,
    /// Integers in lists, maps and options.
    Nested,
}

/// How a type is read.
pub(super) fn reader(ty: &Type) -> Option<Reader> {
    match ty {
        Type::Integer(_) => Some(Reader::Scalar),
        Type::Tuple(items) => items.iter().any(has_integers).then_some(Reader::Nested),
        Type::List(inner)
        | Type::Map(inner)
        | Type::Option(inner)
        | Type::Boxed(inner)
        | Type::Secret(inner) => has_integers(inner).then_some(Reader::Nested),
        _ => None,
    }
}

fn has_integers(ty: &Type) -> bool {
    reader(ty).is_some()
}
