//! Rust types, before they are tokens.

use serde_json::Value;

use super::check::Rule;

/// A named type's place in [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeId(pub(crate) usize);

/// A whole module.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) types: Vec<Named>,
    pub(crate) root: Type,
    pub(crate) root_name: String,
    /// What every type derives beside what it needs.
    pub(crate) derives: Vec<String>,
}

/// A type where it is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    Boolean,
    Integer(Integer),
    /// `f64`, where the document says that numbers may be rounded.
    Float,
    /// A whole number of any size.
    Whole,
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
    /// Described if it is an object, else any value: `type` is not said.
    Loose(Box<Type>),
    Named(TypeId),
    /// A type of another crate, read from and written as text if `text` is set.
    Extern {
        path: String,
        text: bool,
    },
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
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    pub(crate) name: String,
    /// The schema gives the name: a title, or a definition's key.
    pub(crate) chosen: bool,
    pub(crate) docs: Docs,
    pub(crate) kind: NamedKind,
    /// What the type cannot say.
    pub(crate) rules: Vec<Rule>,
}

/// What a doc comment is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Docs {
    pub(crate) text: Option<String>,
    pub(crate) examples: Vec<Value>,
    /// What is meant where a field's key is absent.
    pub(crate) default: Option<Value>,
}

impl Docs {
    /// Docs that only say the name again say nothing.
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

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NamedKind {
    Struct(Struct),
    /// Strings, externally tagged options, or both.
    Enum(Vec<Variant>),
    /// The key that tells the variants apart, and the variants.
    Tagged(String, Vec<Variant>),
    /// The first variant that fits.
    Untagged(Vec<Alternative>),
    /// A type with a name and rules of its own.
    Wrapper(Type),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Struct {
    pub(crate) fields: Vec<Field>,
    pub(crate) extra: Extra,
}

/// Keys beside the fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Extra {
    Denied,
    /// Kept in a map of this type.
    Kept(Type),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) docs: Docs,
    pub(crate) deprecated: bool,
    pub(crate) ty: Type,
    pub(crate) presence: Presence,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Presence {
    Required,
    /// `ty` is an `Option`; only absence is `None`, null is for the type inside.
    Optional,
    /// Filled in if absent.
    Default(Value),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) docs: Docs,
    pub(crate) deprecated: bool,
    /// The options of `{key: options}`, or what is beside the tag; none for a bare string.
    pub(crate) options: Option<Type>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alternative {
    pub(crate) name: String,
    pub(crate) docs: Docs,
    pub(crate) ty: Type,
}
