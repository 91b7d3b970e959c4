//! What is wrong with `.proto` files, and with how they are compiled.

use crate::{Code, Text};

/// What is wrong with a `.proto` file. It holds no secrets: names are shown as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proto {
    /// The parser refuses it.
    Refused {
        /// Its words.
        problem: String,
    },
    /// The file is of an edition.
    Edition,
    /// An import is given twice.
    ImportedTwice {
        /// The file that is imported.
        import: String,
    },
    /// Files import one another in a circle.
    ImportCycle {
        /// The files, the first also at the end.
        files: Vec<String>,
    },
    /// Too many files import one another in a row.
    ImportDepth {
        /// How many may.
        limit: usize,
    },
    /// An import is not found.
    ImportNotFound {
        /// The file that is imported.
        import: String,
    },
    /// Another file has the name of this one in an include folder that is searched before.
    Hidden {
        /// The name that imports give both.
        name: String,
    },
    /// The file is in none of the include folders.
    Outside,
    /// proto3 has no extension ranges.
    ExtensionRange,
    /// A JSON name is one that extensions have.
    JsonNameReserved {
        /// The JSON name.
        json: String,
    },
    /// Two fields have the same JSON name.
    JsonNameTaken {
        /// The JSON name.
        json: String,
        /// The fields.
        fields: [String; 2],
    },
    /// Two values of an enum are the same without its name.
    SameValue {
        /// The values.
        values: [String; 2],
        /// The enum.
        prefix: String,
    },
    /// A name is reserved twice.
    ReservedTwice {
        /// The name.
        name: String,
    },
    /// A name is used that is reserved.
    Reserved {
        /// The name.
        name: String,
    },
    /// A range of numbers overlaps another one.
    RangesOverlap,
    /// A number is used that is reserved.
    NumberReserved {
        /// The number.
        number: i32,
        /// What has it.
        name: String,
    },
    /// A field is defined twice.
    FieldTwice {
        /// Its name.
        name: String,
    },
    /// An extension has a JSON name of its own.
    ExtensionJsonName {
        /// The extension.
        name: String,
    },
    /// Two extensions of a message have the same number.
    ExtensionNumberTaken {
        /// The number.
        number: i32,
        /// The message.
        message: String,
        /// The extensions.
        extensions: [String; 2],
    },
    /// An enum allows aliases and has none.
    NoAlias {
        /// The enum.
        name: String,
    },
    /// A field of proto3 has an enum of proto2.
    EnumOfProto2 {
        /// The enum.
        name: String,
    },
    /// The values of a map are of an enum that does not begin with 0.
    FirstValueNotZero {
        /// The enum.
        name: String,
    },
    /// A field is packed that cannot be.
    NotPackable {
        /// The field.
        name: String,
    },
    /// A field has a `jstype` and is not an integer of 64 bits.
    NoJsType {
        /// The field.
        name: String,
    },
    /// A type of `google.protobuf` that does not exist.
    NotWellKnown {
        /// The type.
        name: String,
    },
    /// So many paths lead to the messages inside of one that prost would take too long.
    TooManyPaths {
        /// The message.
        name: String,
    },
    /// A name has no letter and no digit.
    Nameless {
        /// What has the name: `message`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Two names are the same in Rust.
    SameInRust {
        /// What has the names: `` field `a_b` and `aB` ``.
        both: String,
        /// What they would be in Rust: `method`.
        item: &'static str,
        /// The name in Rust.
        name: String,
    },
}

/// What is wrong with an option of the proto compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildOption {
    /// A text is not the path of a proto package or type.
    NotAPath {
        /// The text.
        path: String,
    },
    /// A package or type has two paths in Rust.
    TwoPaths {
        /// The package or type.
        path: String,
    },
    /// A text is not a path in Rust.
    NotARustPath {
        /// The text.
        path: String,
    },
    /// A text is not an attribute.
    NotAnAttribute {
        /// The text.
        attribute: String,
        /// What it is given for.
        path: String,
    },
}

impl Proto {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Edition => Code::Edition,
            Self::ImportedTwice { .. }
            | Self::ImportCycle { .. }
            | Self::ImportDepth { .. }
            | Self::ImportNotFound { .. } => Code::Import,
            Self::Hidden { .. } | Self::Outside => Code::Include,
            Self::Nameless { .. } | Self::SameInRust { .. } => Code::RustName,
            Self::Refused { .. }
            | Self::ExtensionRange
            | Self::JsonNameReserved { .. }
            | Self::JsonNameTaken { .. }
            | Self::SameValue { .. }
            | Self::ReservedTwice { .. }
            | Self::Reserved { .. }
            | Self::RangesOverlap
            | Self::NumberReserved { .. }
            | Self::FieldTwice { .. }
            | Self::ExtensionJsonName { .. }
            | Self::ExtensionNumberTaken { .. }
            | Self::NoAlias { .. }
            | Self::EnumOfProto2 { .. }
            | Self::FirstValueNotZero { .. }
            | Self::NotPackable { .. }
            | Self::NoJsType { .. }
            | Self::NotWellKnown { .. }
            | Self::TooManyPaths { .. } => Code::Proto,
        }
    }

    pub(super) fn message(&self) -> Text {
        let message = match self {
            Self::Refused { problem } => problem.clone(),
            Self::Edition => "editions are not supported yet".to_owned(),
            Self::ImportedTwice { import } => format!("`{import}` is imported twice"),
            Self::ImportCycle { files } => format!("import cycle: {}", files.join(" -> ")),
            Self::ImportDepth { limit } => {
                format!("more than {limit} files import one another in a row")
            }
            Self::ImportNotFound { import } => format!("import `{import}` not found"),
            Self::Hidden { name } => format!("`{name}` is found in another include folder first"),
            Self::Outside => "the file is in none of the include folders".to_owned(),
            Self::ExtensionRange => "extension ranges are not allowed in proto3".to_owned(),
            Self::JsonNameReserved { json } => {
                format!("the JSON name `{json}` is reserved for extensions")
            }
            Self::JsonNameTaken {
                json,
                fields: [first, second],
            } => format!("the JSON name `{json}` is used twice: by `{first}` and by `{second}`"),
            Self::SameValue {
                values: [first, second],
                prefix,
            } => format!(
                "`{second}` and `{first}` are the same name without their case and the prefix \
                 `{prefix}`"
            ),
            Self::ReservedTwice { name } => format!("`{name}` is reserved twice"),
            Self::Reserved { name } => format!("the name `{name}` is reserved"),
            Self::RangesOverlap => "this range overlaps another one".to_owned(),
            Self::NumberReserved { number, name } => {
                format!("the number {number} of `{name}` is reserved")
            }
            Self::FieldTwice { name } => format!("the field `{name}` is defined twice"),
            Self::ExtensionJsonName { name } => format!("the extension `{name}` has a `json_name`"),
            Self::ExtensionNumberTaken {
                number,
                message,
                extensions: [first, second],
            } => format!(
                "the extension number {number} of `{message}` is used twice: by `{first}` and by \
                 `{second}`"
            ),
            Self::NoAlias { name } => format!("`{name}` allows aliases and has none"),
            Self::EnumOfProto2 { name } => {
                format!("`{name}` is an enum of proto2 and cannot be used in proto3")
            }
            Self::FirstValueNotZero { name } => {
                format!("`{name}` cannot be in a map: its first value is not 0")
            }
            Self::NotPackable { name } => format!("`{name}` cannot be packed"),
            Self::NoJsType { name } => format!("`{name}` cannot have a `jstype`"),
            Self::TooManyPaths { name } => {
                format!("too many paths lead from `{name}` to the messages inside of it")
            }
            Self::NotWellKnown { name } => format!("`{name}` is not a well-known type"),
            Self::Nameless { what, name } => format!("the {what} `{name}` has no name in Rust"),
            Self::SameInRust { both, item, name } => {
                format!("{both} would be the same {item} in Rust: `{name}`")
            }
        };
        Text::trusted(message)
    }
}

impl BuildOption {
    pub(super) fn message(&self) -> Text {
        Text::trusted(match self {
            Self::NotAPath { path } => {
                format!("`{path}` is not the path of a proto package or type")
            }
            Self::TwoPaths { path } => format!("`{path}` has two paths in Rust"),
            Self::NotARustPath { path } => format!("`{path}` is not a path in Rust"),
            Self::NotAnAttribute { attribute, path } => {
                format!("`{attribute}` for `{path}` is not an attribute")
            }
        })
    }
}
