//! What is wrong, as data. `message` has the message of each kind.

mod address;
mod message;
mod preflight;
mod proto;
mod rule;
mod syntax;
mod variable;
mod wording;

pub use address::Address;
pub use preflight::{Preflight, Unanswered};
pub use proto::{BuildOption, Proto};
pub use rule::{Encoding, Middleware, NotBuilt, Rule};
pub use syntax::{Escape, Syntax};
pub use variable::{Assignment, Variable};

use crate::{Code, Input};

/// What is wrong, with what is known of it. [`Diagnostic`](crate::Diagnostic) adds where.
///
/// Places in the input are JSON pointers. A `String` is a word of the schema, of the program or of
/// another library; what was read from the input is an [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file cannot be read.
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        reason: Unreadable,
    },
    /// A text, or what is in it, is larger than what is accepted.
    TooLarge(TooLarge),
    /// A key is not known.
    UnknownKey {
        /// The key.
        key: Input,
        /// The mapping that has it.
        parent: String,
        /// The known key that was meant, if one is near.
        suggestion: Option<String>,
    },
    /// A key is known only for another alternative than the one that its mapping matches.
    KeyOfAnotherAlternative {
        /// The key.
        key: Input,
        /// The mapping that has it.
        parent: String,
        /// The key beside it, and its value, that exclude the key, if known.
        when: Option<(String, Input)>,
    },
    /// The schema allows nothing at this place.
    NothingAllowed {
        /// The place.
        at: String,
    },
    /// A required key is missing.
    MissingKey {
        /// The keys, of which one is required.
        keys: Vec<String>,
        /// The mapping that lacks it.
        parent: String,
    },
    /// A value has the wrong type.
    TypeMismatch {
        /// The place.
        at: String,
        /// What was expected, with its article: `a boolean`.
        expected: String,
        /// What is there.
        found: Type,
    },
    /// A value is not one of those allowed.
    ValueNotAllowed {
        /// The place.
        at: String,
        /// What is there.
        found: Found,
    },
    /// An item of a list is a name alone, but needs options.
    OptionsMissing {
        /// The name.
        name: String,
    },
    /// An item of a list has options, but takes none.
    OptionsNotAllowed {
        /// The name.
        name: String,
    },
    /// A string does not have the required format.
    FormatMismatch {
        /// The place.
        at: String,
        /// What was expected, with its article: `a duration`.
        expected: String,
    },
    /// A number is out of range.
    OutOfRange {
        /// The place.
        at: String,
        /// The bound that it breaks.
        bound: Bound,
    },
    /// A string, list or mapping is too short or too long.
    WrongLength {
        /// The place.
        at: String,
        /// The bound that it breaks.
        bound: LengthBound,
    },
    /// A list has a duplicate item.
    DuplicateItem {
        /// The list.
        at: String,
    },
    /// A key does not have an allowed form.
    KeyForm {
        /// The key.
        key: Input,
        /// The mapping that has it.
        parent: String,
    },
    /// Keys exclude one another.
    MutuallyExclusive {
        /// The keys that are given.
        keys: Vec<String>,
        /// The mapping that has them.
        parent: String,
    },
    /// A value matches several alternatives, but may match only one.
    Ambiguous {
        /// The place.
        at: String,
    },
    /// A value matches what the schema excludes.
    Excluded {
        /// The place.
        at: String,
        /// What is there.
        found: Found,
    },
    /// A key is given where the schema excludes it.
    ExcludedKey {
        /// The key.
        key: String,
        /// The mapping that has it.
        parent: String,
    },
    /// A list lacks an item that it has to contain.
    NoMatchingItem {
        /// The list.
        at: String,
    },
    /// Another constraint of the schema is violated.
    Constraint {
        /// The place.
        at: String,
        /// The constraint in words, without the value.
        problem: String,
    },
    /// A document does not match its schema, and the place of the cause is not known.
    NoMatch {
        /// Whether that is because there are too many alternatives to examine.
        too_many_alternatives: bool,
    },
    /// A key that somebody asks about does not exist.
    NoSuchKey {
        /// The key.
        key: String,
    },
    /// A string has the form that the schema asks for, and still cannot be read.
    InvalidScalar {
        /// Why, in the words of its parser.
        problem: String,
    },
    /// A service refuses a value of its config.
    Refused {
        /// Why, in the words of the service.
        problem: String,
    },
    /// A file is not UTF-8.
    NotUtf8 {
        /// Its name, where no place has it.
        file: Option<String>,
    },
    /// An integer does not fit 64 bits.
    IntegerRange,
    /// A key appears twice in one mapping.
    DuplicateKey {
        /// The key, if it is known.
        key: Option<Input>,
    },
    /// A secret is given, and a file that holds it too.
    SecretAndFile {
        /// The key of the secret.
        key: String,
    },
    /// The file of a secret cannot be read.
    SecretFile {
        /// The key of the secret.
        key: String,
        /// The file.
        file: Input,
        /// Why.
        reason: String,
    },
    /// A document is not a schema that can be used.
    NotASchema {
        /// Its name.
        name: String,
        /// The place in it.
        at: String,
        /// Why, in the words of the library that reads it.
        problem: String,
    },
    /// A schema is too expensive to validate with.
    SchemaBomb {
        /// Its name.
        name: String,
    },
    /// A default that is filled in is not valid.
    InvalidDefault {
        /// Its place.
        at: String,
        /// Why.
        problem: String,
    },
    /// A `.proto` file cannot be compiled.
    Proto(Proto),
    /// An option of the proto compiler is malformed.
    BuildOption(BuildOption),
    /// The generated code is not Rust.
    NotRust {
        /// What the parser of Rust says.
        problem: String,
    },
    /// A section cannot be added: its name is taken.
    SectionExists {
        /// The name.
        name: &'static str,
        /// The type of the section.
        type_name: &'static str,
    },
    /// A middleware cannot be added: its name is taken.
    MiddlewareExists {
        /// The name.
        name: &'static str,
    },
    /// A text is not YAML or JSON, or has something that is refused.
    Syntax(Syntax),
    /// A `${…}` has no value.
    Variable(Variable),
    /// A key cannot be set from outside of a file.
    Assignment(Assignment),
    /// An address is not valid.
    Address(Address),
    /// A rule that a schema cannot express is broken.
    Rule(Rule),
    /// The machine lacks what the config needs.
    Preflight(Preflight),
}

macro_rules! from {
    ($($kind:ident),*) => {
        $(impl From<$kind> for Kind {
            fn from(kind: $kind) -> Self {
                Self::$kind(kind)
            }
        })*
    };
}

from!(
    Proto,
    BuildOption,
    Syntax,
    Variable,
    Assignment,
    Address,
    Rule,
    Preflight
);

impl From<Middleware> for Kind {
    fn from(middleware: Middleware) -> Self {
        Self::Rule(Rule::Middleware(middleware))
    }
}

impl From<NotBuilt> for Kind {
    fn from(what: NotBuilt) -> Self {
        Self::Rule(Rule::NotBuilt(what))
    }
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It does not exist.
    NotFound,
    /// This user may not read it.
    PermissionDenied,
    /// It is a folder.
    IsFolder,
    /// It is a pipe, a device or another file that is not regular.
    NotRegular,
    /// What the system says.
    Other(String),
}

/// What is too large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// A named text, over a limit in bytes.
    Text {
        /// Its name.
        name: String,
        /// The limit.
        limit: usize,
    },
    /// The values of a document.
    Values,
    /// A list or mapping in brackets, over a limit in items.
    Brackets {
        /// The limit.
        limit: usize,
    },
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of JSON")]
pub enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    List,
    Mapping,
}

/// A value that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A string, number or boolean, as it is written.
    Scalar(Input),
    /// A value of another type.
    Of(Type),
}

/// A bound of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the keywords of JSON Schema")]
pub enum Bound {
    AtLeast(String),
    AtMost(String),
    MoreThan(String),
    LessThan(String),
    MultipleOf(String),
}

/// A bound of a length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LengthBound {
    /// It must not be empty.
    NotEmpty,
    /// At least this many.
    AtLeast(u64, Unit),
    /// At most this many.
    AtMost(u64, Unit),
}

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of JSON")]
pub enum Unit {
    Character,
    Item,
    Key,
}

impl Kind {
    /// The stable name of the kind.
    pub fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } => Code::Unreadable,
            Self::TooLarge(_) => Code::TooLarge,
            Self::UnknownKey { .. }
            | Self::KeyOfAnotherAlternative { .. }
            | Self::NoSuchKey { .. }
            | Self::NothingAllowed { .. } => Code::UnknownKey,
            Self::MissingKey { .. } => Code::MissingKey,
            Self::TypeMismatch { .. } => Code::Type,
            Self::ValueNotAllowed { .. }
            | Self::OptionsMissing { .. }
            | Self::OptionsNotAllowed { .. } => Code::Value,
            Self::FormatMismatch { .. } | Self::InvalidScalar { .. } => Code::Format,
            Self::OutOfRange { .. } => Code::Range,
            Self::WrongLength { .. } => Code::Length,
            Self::DuplicateItem { .. } => Code::Unique,
            Self::KeyForm { .. } => Code::Key,
            Self::MutuallyExclusive { .. }
            | Self::Ambiguous { .. }
            | Self::Excluded { .. }
            | Self::ExcludedKey { .. }
            | Self::NoMatchingItem { .. }
            | Self::Constraint { .. }
            | Self::NoMatch { .. } => Code::Schema,
            Self::NotUtf8 { .. } => Code::NotUtf8,
            Self::IntegerRange => Code::IntegerRange,
            Self::DuplicateKey { .. } => Code::DuplicateKey,
            Self::SecretAndFile { .. } | Self::SecretFile { .. } => Code::SecretFile,
            Self::NotASchema { .. } => Code::NotASchema,
            Self::SchemaBomb { .. } => Code::SchemaBomb,
            Self::InvalidDefault { .. } => Code::InvalidDefault,
            Self::Proto(proto) => proto.code(),
            Self::BuildOption(_) => Code::BuildOption,
            Self::NotRust { .. } => Code::Internal,
            Self::Refused { .. } => Code::Config,
            Self::SectionExists { .. } => Code::Section,
            Self::MiddlewareExists { .. } => Code::Middleware,
            Self::Syntax(syntax) => syntax.code(),
            Self::Variable(variable) => variable.code(),
            Self::Assignment(assignment) => assignment.code(),
            Self::Address(_) => Code::Endpoint,
            Self::Rule(rule) => rule.code(),
            Self::Preflight(preflight) => preflight.code(),
        }
    }
}

impl Type {
    /// The type with its article: `a list`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List => "a list",
            Self::Mapping => "a mapping",
        }
    }

    /// The type of a value.
    pub fn of(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(n) if n.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Mapping,
        }
    }
}

impl Found {
    /// A value as a message shows it.
    pub fn of(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::String(text) => match crate::plain_scalar(text) {
                Some(Value::String(_)) => Self::Scalar(Input::new(text)),
                // Without quotes it would be another type.
                _ => Self::Scalar(Input::new(format!("\"{text}\""))),
            },
            Value::Number(_) | Value::Bool(_) => Self::Scalar(Input::new(value.to_string())),
            other => Self::Of(Type::of(other)),
        }
    }
}

impl From<&std::io::Error> for Unreadable {
    fn from(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound,
            std::io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            _ => Self::Other(error.to_string()),
        }
    }
}
