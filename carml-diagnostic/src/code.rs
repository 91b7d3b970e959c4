//! Stable names of the kinds of diagnostics.

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What kind of diagnostic it is. Its name is stable: tools may match on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The stable name, such as `unknown-key`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Code::$variant => $name,)*
                }
            }
        }
    };
}

codes! {
    /// A file cannot be read.
    Unreadable = "unreadable",
    /// A text, or what is in it, is larger than what is accepted.
    TooLarge = "too-large",
    /// A file is not UTF-8.
    NotUtf8 = "not-utf8",
    /// The text is not YAML, or not JSON.
    Syntax = "syntax",
    /// A text has a character that YAML does not allow.
    Character = "character",
    /// A `%` line at the start of a YAML text is unknown or not supported.
    Directive = "directive",
    /// A `\` in double quotes does not begin a YAML escape.
    Escape = "escape",
    /// A line does not fit the indentation of the lines around it.
    Indentation = "indentation",
    /// A tab is used for indentation.
    Tab = "tab",
    /// An alias has no anchor.
    Alias = "alias",
    /// Aliases make the document too large.
    AliasBomb = "alias-bomb",
    /// A tag is unknown or malformed, or does not fit its value.
    Tag = "tag",
    /// A key has a form that is not allowed.
    Key = "key",
    /// `<<` does not name a mapping.
    MergeKey = "merge-key",
    /// A key appears twice in one mapping.
    DuplicateKey = "duplicate-key",
    /// A text holds more than one document.
    SeveralDocuments = "several-documents",
    /// Values are nested too deeply.
    TooDeep = "too-deep",
    /// A number is not finite.
    NotFinite = "not-finite",
    /// An integer does not fit 64 bits.
    IntegerRange = "integer-range",
    /// A `${…}` is malformed.
    Variable = "variable",
    /// A variable is not set.
    UnsetVariable = "unset-variable",
    /// A `--set` is malformed.
    Set = "set",
    /// The file of a secret cannot be read, or is given beside the secret itself.
    SecretFile = "secret-file",
    /// A key is not known.
    UnknownKey = "unknown-key",
    /// A required key is missing.
    MissingKey = "missing-key",
    /// A key is given without the one that it needs.
    Pair = "pair",
    /// A key has no effect.
    UnusedKey = "unused-key",
    /// A value has the wrong type.
    Type = "type",
    /// A value is not one of those allowed.
    Value = "value",
    /// A string does not have the required format.
    Format = "format",
    /// A number is out of range.
    Range = "range",
    /// A string, list or mapping is too short or too long.
    Length = "length",
    /// A list has a duplicate item.
    Unique = "unique",
    /// Another constraint of the schema is violated.
    Schema = "schema",
    /// A service refuses a value of its config.
    Config = "config",
    /// An address is not valid.
    Endpoint = "endpoint",
    /// A certificate, key or base64 text does not decode.
    Material = "material",
    /// A list of middlewares is not valid.
    Chain = "chain",
    /// The store lacks an operation that is required.
    Capability = "capability",
    /// The config uses something that is not compiled in.
    NotBuilt = "not-built",
    /// A folder does not exist.
    Path = "path",
    /// The server cannot listen on its address.
    Listen = "listen",
    /// A server does not answer.
    Unanswered = "unanswered",
    /// A schema is not a JSON Schema.
    NotASchema = "not-a-schema",
    /// A default that is filled in is not valid.
    InvalidDefault = "invalid-default",
    /// A schema is too expensive to validate with.
    SchemaBomb = "schema-bomb",
    /// A section cannot be added to the schema.
    Section = "section",
    /// A middleware cannot be added to the schema.
    Middleware = "middleware",
    /// A `.proto` file breaks a rule of its language.
    Proto = "proto",
    /// A `.proto` file is of an edition.
    Edition = "edition",
    /// An import of a `.proto` file cannot be followed.
    Import = "import",
    /// A `.proto` file is not where imports are looked up.
    Include = "include",
    /// A name of a `.proto` file has no name in Rust, or one that is taken.
    RustName = "rust-name",
    /// An option of the proto compiler is malformed.
    BuildOption = "build-option",
    /// The generated code is not Rust.
    Internal = "internal",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
