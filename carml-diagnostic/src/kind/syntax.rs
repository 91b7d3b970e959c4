//! Why a text is not YAML or JSON, and what is refused in one that is.

use crate::{Code, Input, Text, text, trusted};

/// What is wrong with a text before its values mean anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// The parser of YAML refuses it.
    NotYaml {
        /// Its words.
        problem: String,
    },
    /// The parser of JSON refuses it.
    NotJson {
        /// Its words.
        problem: String,
    },
    /// A line has two colons that could end a key.
    SecondColon,
    /// A mapping starts on the line of `---`.
    MappingAfterDocumentStart,
    /// A `:` has no key before it.
    NoKeyBeforeColon,
    /// A key is longer than the parser reads.
    LongKey {
        /// How many characters it may have.
        limit: usize,
    },
    /// A colon has no space after it.
    NoSpaceAfterColon,
    /// A line has no colon.
    NoColon,
    /// Something that is not a key is where one has to be.
    NotAKey,
    /// A `${…}` begins between brackets.
    VariableInBrackets,
    /// A key between brackets and its colon are on different lines.
    KeyOverLines,
    /// Neither a comma nor the closing bracket follows an item.
    NoSeparator {
        /// The closing bracket.
        close: char,
    },
    /// A bracket is not closed.
    NotClosed {
        /// The opening bracket.
        open: char,
    },
    /// A bracket is not opened.
    NotOpened {
        /// The closing bracket.
        close: char,
    },
    /// A comma has no value before it.
    NoValueBeforeComma,
    /// Text follows a closing quote.
    TextAfterQuote,
    /// The closing quote is escaped.
    EscapedQuote,
    /// Quotes are not closed.
    QuotesNotClosed,
    /// The number after `|` or `>` is not one.
    BlockIndentation,
    /// Text follows `|` or `>`.
    TextAfterBlockStart,
    /// A list starts on the line of its key.
    ListAfterKey,
    /// A `- ` is between brackets.
    ItemInBrackets,
    /// A comment is inside of a string over several lines.
    CommentInString,
    /// A comment has no space before its `#`.
    NoSpaceBeforeComment,
    /// An `&` or `*` has no name after it.
    NoAnchorName,
    /// A `? ` is on the line of a key.
    ComplexKeyAfterKey,
    /// A value is a `-` alone.
    LoneDash,
    /// A value starts with a character that has a meaning in YAML.
    FirstCharacter,
    /// Text follows the value of the document.
    TextAfterDocument,
    /// A key is indented deeper than those above it.
    DeeperKey,
    /// A line fits no indentation above it.
    Indentation,
    /// A line between brackets is not indented enough.
    IndentationInBrackets,
    /// A closing bracket is not indented enough.
    IndentationOfBracket {
        /// The bracket.
        bracket: char,
    },
    /// A line of a block of text is not indented as the block begins.
    IndentationOfBlock,
    /// A tab indents.
    Tab,
    /// A tab begins a block of text.
    TabInBlock,
    /// A character is not allowed in YAML.
    Character(char),
    /// A byte order mark is inside of the document.
    ByteOrderMark,
    /// A `\` in double quotes does not begin an escape.
    Escape {
        /// The escape as it is written.
        written: Input,
        /// What is wrong with it.
        problem: Escape,
    },
    /// A directive is malformed.
    InvalidDirective,
    /// No `---` ends the directives.
    DirectivesNotEnded,
    /// Another version of YAML, which is read as YAML 1.2.
    OtherVersion {
        /// The version.
        version: (u64, u64),
    },
    /// Another version of YAML, which is not read.
    UnsupportedVersion {
        /// The version.
        version: (u64, u64),
    },
    /// A directive is not known.
    UnknownDirective {
        /// Its name.
        name: Input,
    },
    /// An alias names no anchor.
    UnknownAnchor,
    /// An alias is inside of the value of its anchor.
    RecursiveAlias,
    /// Aliases make the document too large.
    AliasBomb,
    /// A tag is malformed.
    InvalidTag,
    /// A tag is not known.
    UnknownTag,
    /// A value is not what its tag says.
    TagMismatch {
        /// What the tag says, with its article.
        expected: &'static str,
    },
    /// A key is not a string.
    KeyNotString {
        /// Whether it is a sequence or a mapping.
        is_collection: bool,
    },
    /// `<<` does not name a mapping.
    MergeKey,
    /// A second document starts.
    SecondDocument,
    /// Values are nested too deeply.
    TooDeep {
        /// How many levels are read.
        limit: usize,
    },
    /// A number is not finite.
    NotFinite,
}

/// What is wrong with an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// There is no such escape.
    Unknown,
    /// It has too few digits.
    Digits {
        /// How many it needs.
        needed: usize,
    },
    /// It is half of a surrogate pair.
    Surrogate,
    /// No character has this number.
    NotACharacter,
}

impl Syntax {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::NotYaml { .. }
            | Self::NotJson { .. }
            | Self::SecondColon
            | Self::MappingAfterDocumentStart
            | Self::NoKeyBeforeColon
            | Self::LongKey { .. }
            | Self::NoSpaceAfterColon
            | Self::NoColon
            | Self::NotAKey
            | Self::VariableInBrackets
            | Self::KeyOverLines
            | Self::NoSeparator { .. }
            | Self::NotClosed { .. }
            | Self::NotOpened { .. }
            | Self::NoValueBeforeComma
            | Self::TextAfterQuote
            | Self::EscapedQuote
            | Self::QuotesNotClosed
            | Self::BlockIndentation
            | Self::TextAfterBlockStart
            | Self::ListAfterKey
            | Self::ItemInBrackets
            | Self::CommentInString
            | Self::NoSpaceBeforeComment
            | Self::NoAnchorName
            | Self::ComplexKeyAfterKey
            | Self::LoneDash
            | Self::FirstCharacter
            | Self::TextAfterDocument => Code::Syntax,
            Self::DeeperKey
            | Self::Indentation
            | Self::IndentationInBrackets
            | Self::IndentationOfBracket { .. }
            | Self::IndentationOfBlock => Code::Indentation,
            Self::Tab | Self::TabInBlock => Code::Tab,
            Self::Character(_) | Self::ByteOrderMark => Code::Character,
            Self::Escape { .. } => Code::Escape,
            Self::InvalidDirective
            | Self::DirectivesNotEnded
            | Self::OtherVersion { .. }
            | Self::UnsupportedVersion { .. }
            | Self::UnknownDirective { .. } => Code::Directive,
            Self::UnknownAnchor | Self::RecursiveAlias => Code::Alias,
            Self::AliasBomb => Code::AliasBomb,
            Self::InvalidTag | Self::UnknownTag | Self::TagMismatch { .. } => Code::Tag,
            Self::KeyNotString { .. } => Code::Key,
            Self::MergeKey => Code::MergeKey,
            Self::SecondDocument => Code::SeveralDocuments,
            Self::TooDeep { .. } => Code::TooDeep,
            Self::NotFinite => Code::NotFinite,
        }
    }

    pub(super) fn message(&self) -> Text {
        match self {
            Self::NotYaml { problem } => text!["this is not YAML: ", trusted(problem)],
            Self::NotJson { problem } => text!["this is not JSON: ", trusted(problem)],
            Self::SecondColon => "a second `:` on one line".into(),
            Self::MappingAfterDocumentStart => "a mapping cannot start on the line of `---`".into(),
            Self::NoKeyBeforeColon => "expected a key before the `:`".into(),
            Self::LongKey { limit } => text!["a key is over the limit of ", *limit, " characters"],
            Self::NoSpaceAfterColon => "missing space after the colon".into(),
            Self::NoColon => "this line has no `:`".into(),
            Self::NotAKey => "expected a key with a `:`".into(),
            Self::VariableInBrackets => "`${…}` cannot be used between brackets".into(),
            Self::KeyOverLines => "a key between brackets must be on one line with its `:`".into(),
            Self::NoSeparator { close } => text![trusted(format!("expected `,` or `{close}`"))],
            Self::NotClosed { open } => text![trusted(format!("the `{open}` is not closed"))],
            Self::NotOpened { close } => {
                text![trusted(format!("this `{close}` has no opening bracket"))]
            }
            Self::NoValueBeforeComma => "expected a value before this `,`".into(),
            Self::TextAfterQuote => "text after the closing quote".into(),
            Self::EscapedQuote => "this quote is escaped, so the string is not closed".into(),
            Self::QuotesNotClosed => "these quotes are not closed".into(),
            Self::BlockIndentation => "the indentation after `|` or `>` must be from 1 to 9".into(),
            Self::TextAfterBlockStart => "unexpected text after `|` or `>`".into(),
            Self::ListAfterKey => "a list cannot start on the line of its key".into(),
            Self::ItemInBrackets => "a `- ` cannot be between brackets".into(),
            Self::CommentInString => {
                "a comment cannot be inside a string over several lines".into()
            }
            Self::NoSpaceBeforeComment => "a comment needs a space before its `#`".into(),
            Self::NoAnchorName => "expected a name after `&` or `*`".into(),
            Self::ComplexKeyAfterKey => "a `? ` cannot be on the line of a key".into(),
            Self::LoneDash => "a value cannot be a `-` alone".into(),
            Self::FirstCharacter => "a value cannot start with this character".into(),
            Self::TextAfterDocument => "unexpected text after the value of the document".into(),
            Self::DeeperKey => "this key is indented deeper than the keys above it".into(),
            Self::Indentation => "this line does not fit the indentation above it".into(),
            Self::IndentationInBrackets => {
                "this line between brackets is not indented enough".into()
            }
            Self::IndentationOfBracket { bracket } => {
                text![trusted(format!("this `{bracket}` is not indented enough"))]
            }
            Self::IndentationOfBlock => {
                "this line is not indented as the block of text begins".into()
            }
            Self::Tab => "a tab cannot indent YAML".into(),
            Self::TabInBlock => "a block of text cannot start with a tab".into(),
            Self::Character(c) => text![trusted(format!(
                "YAML does not allow the character U+{:04X}",
                u32::from(*c)
            ))],
            Self::ByteOrderMark => "a byte order mark (U+FEFF) inside the document".into(),
            Self::Escape { written, problem } => text!["`", written, "` is "].and(problem.text()),
            Self::InvalidDirective => "this directive is not valid".into(),
            Self::DirectivesNotEnded => "expected `---` after the directives".into(),
            Self::OtherVersion {
                version: (major, minor),
            } => text![trusted(format!("YAML {major}.{minor} is read as YAML 1.2"))],
            Self::UnsupportedVersion {
                version: (major, minor),
            } => text![trusted(format!(
                "YAML {major}.{minor} is not supported: this reads YAML 1.2"
            ))],
            Self::UnknownDirective { name } => text!["the directive `%", name, "` is ignored"],
            Self::UnknownAnchor => "unknown anchor".into(),
            Self::RecursiveAlias => "this alias is inside its own anchor".into(),
            Self::AliasBomb => "aliases make this document too large".into(),
            Self::InvalidTag => "this tag is not valid".into(),
            Self::UnknownTag => "unknown tag".into(),
            Self::TagMismatch { expected } => text!["expected ", *expected, ", as its tag says"],
            Self::KeyNotString { is_collection } => match is_collection {
                true => "expected a string as key, found a sequence or mapping".into(),
                false => "expected a string as key".into(),
            },
            Self::MergeKey => "`<<` expects a mapping".into(),
            Self::SecondDocument => "a second document starts here".into(),
            Self::TooDeep { limit } => text!["nested deeper than ", *limit, " levels"],
            Self::NotFinite => "this number is not finite".into(),
        }
    }
}

impl Escape {
    /// What the escape is.
    fn text(self) -> Text {
        match self {
            Self::Unknown => "not an escape".into(),
            Self::Digits { needed } => text![
                "not an escape without ",
                needed,
                " hexadecimal digits after it"
            ],
            Self::Surrogate => "half of a surrogate pair".into(),
            Self::NotACharacter => "not a Unicode character".into(),
        }
    }
}
