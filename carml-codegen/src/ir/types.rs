//! Rust types, before they are tokens.

use serde_json::Value;

/// A named type's place in [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeId(pub(crate) usize);

/// A whole module.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) types: Vec<Named>,
    pub(crate) root: Type,
    pub(crate) root_name: String,
}

/// A type where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Boolean,
    /// `i64`
    Signed,
    /// `u64`
    Unsigned,
    /// `f64`, where the document says that numbers may be rounded.
    Float,
    /// `serde_json::Number`: keeps `1` and `1.0` apart.
    Number,
    String,
    Null,
    /// `serde_json::Value`
    Any,
    List(Box<Type>),
    Map(Box<Type>),
    Option(Box<Type>),
    Boxed(Box<Type>),
    Named(TypeId),
    /// A type of another crate, read from and written as text if `text` is set.
    Extern {
        path: String,
        text: bool,
    },
}

/// A type that the module defines.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) docs: Option<String>,
    pub(crate) kind: NamedKind,
}

#[derive(Debug)]
pub(crate) enum NamedKind {
    Struct(Struct),
    /// Strings, externally tagged options, or both.
    Enum(Vec<Variant>),
    /// The first variant that fits.
    Untagged(Vec<Alternative>),
}

#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) fields: Vec<Field>,
    pub(crate) extra: Extra,
}

/// Keys beside the fields.
#[derive(Debug)]
pub(crate) enum Extra {
    Denied,
    /// Kept in a map of this type.
    Kept(Type),
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) docs: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) ty: Type,
    pub(crate) presence: Presence,
}

#[derive(Debug)]
pub(crate) enum Presence {
    Required,
    /// `ty` is an `Option`; absent is `None`.
    Optional,
    /// `ty` is an `Option<Option<_>>`: absent, null, or a value.
    OptionalNullable,
    /// Filled in if absent.
    Default(Value),
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) docs: Option<String>,
    /// The options of `{key: options}`; none for a bare string.
    pub(crate) options: Option<Type>,
}

#[derive(Debug)]
pub(crate) struct Alternative {
    pub(crate) name: String,
    pub(crate) docs: Option<String>,
    pub(crate) ty: Type,
}
