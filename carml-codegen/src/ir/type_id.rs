//! How types and constraints refer to a type.

/// A named type's index in [`Program`](super::types::Program).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeId(pub(crate) usize);
