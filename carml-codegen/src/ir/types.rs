//! Rust types, before they are tokens.

use carml_schema::Scalar;
use serde_json::Value;

use super::constraint::Constraint;
pub(crate) use super::type_id::TypeId;

/// A whole module.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) types: Vec<Named>,
    pub(crate) root: Type,
    pub(crate) root_name: String,
    /// Additional traits that every type derives.
    pub(crate) derives: Vec<String>,
    /// The path of the type of secrets; one of the module's own without it.
    pub(crate) secret: Option<String>,
}

/// A type where it is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    Boolean,
    Integer(Integer),
    /// `f64`, where the document says that numbers may be rounded.
    Float,
    /// An integer of any size.
    AnyInteger,
    /// `serde_json::Number`: of any size, and keeps `1` and `1.0` apart.
    Number,
    String,
    Null,
    /// `serde_json::Value`
    Any,
    List(Box<Type>),
    /// A list of a fixed length, each place with a type of its own.
    Tuple(Vec<Type>),
    Map(Box<Type>),
    Option(Box<Type>),
    Boxed(Box<Type>),
    /// The type of an object, or any value of another type: the schema has no `type`.
    ObjectOr(Box<Type>),
    /// Not shown by `Debug`.
    Secret(Box<Type>),
    Named(TypeId),
    /// A type of another crate; one behind a scalar is read from a string.
    Extern {
        path: String,
        scalar: Option<Scalar>,
    },
}

impl Type {
    /// The type with its values masked in `Debug`. Whether a value is absent is shown.
    pub(crate) fn masked(self) -> Self {
        match self {
            Self::Option(inner) => Self::Option(Box::new(inner.masked())),
            ty if ty.is_masked() => ty,
            ty => Self::Secret(Box::new(ty)),
        }
    }

    /// Whether the type itself does not show its values.
    pub(crate) fn is_masked(&self) -> bool {
        let scalar = match self {
            Self::Secret(_) => return true,
            Self::Extern { scalar, .. } => scalar,
            _ => return false,
        };
        matches!(scalar, Some(Scalar::Secret | Scalar::Pem))
    }
}

/// The integers of Rust that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Integer {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
}

/// A type that the module defines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Named {
    pub(crate) name: String,
    /// The schema gives the name: a title, or a definition's key.
    pub(crate) chosen: bool,
    pub(crate) docs: Docs,
    pub(crate) kind: NamedKind,
    /// What the type cannot express.
    pub(crate) constraints: Vec<Constraint>,
}

/// What a doc comment is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Docs {
    pub(crate) text: Option<String>,
    pub(crate) examples: Vec<Value>,
    /// The value of a field whose key is absent.
    pub(crate) default: Option<Value>,
}

impl Docs {
    /// Drops docs that repeat the name.
    pub(crate) fn beside(mut self, name: &str) -> Self {
        let letters = |text: &str| -> String {
            let letters = text.chars().filter(|c| c.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect()
        };
        let wordless = |text: &String| letters(text) == letters(name);
        self.text = self.text.filter(|text| !wordless(text));
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NamedKind {
    Struct(Struct),
    /// Strings, externally tagged options, or both.
    Enum(Vec<Variant>),
    /// The key that discriminates the variants, and the variants.
    Tagged(String, Vec<Variant>),
    /// The first variant that fits.
    Untagged(Vec<Alternative>),
    /// A type with a name and rules of its own.
    Wrapper(Type),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Struct {
    pub(crate) fields: Vec<Field>,
    pub(crate) extra: Extra,
}

/// Keys beside the fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Extra {
    Denied,
    /// Kept in a map of this type.
    Kept(Type),
    /// Kept in a map of any values that is not shown.
    Hidden,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) docs: Docs,
    pub(crate) deprecated: bool,
    pub(crate) ty: Type,
    pub(crate) presence: Presence,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Presence {
    Required,
    /// `ty` is an `Option`; only absence is `None`, null is for the type inside.
    Optional,
    /// Filled in if absent.
    Default(Value),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Variant {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) docs: Docs,
    pub(crate) deprecated: bool,
    /// The options of `{key: options}`, or what is beside the tag; none for a bare string.
    pub(crate) options: Option<Type>,
    /// The bare string stands for options that are empty.
    pub(crate) optional: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Alternative {
    pub(crate) name: String,
    pub(crate) docs: Docs,
    pub(crate) ty: Type,
}
