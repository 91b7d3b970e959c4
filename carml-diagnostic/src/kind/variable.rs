//! `${…}` in a config, and keys that are set from outside of it.

use crate::{Code, Input, Piece, Text, text};

/// What is wrong with a `${…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The variable is not set.
    Unset {
        /// Its name.
        name: Input,
    },
    /// The variable is not set, and the config has its own message for that (`${NAME:?message}`).
    Required {
        /// Its name.
        name: Input,
        /// Whether an empty value counts as not set.
        or_empty: bool,
        /// The message, which may be empty.
        message: Input,
    },
    /// It has no `}`.
    NotClosed,
    /// It has no name.
    NoName,
    /// Something that has no meaning follows the name.
    UnknownOperator {
        /// The name.
        name: Input,
    },
    /// Its text has a `{` that its `}` does not close.
    UnclosedBrace {
        /// The name.
        name: Input,
    },
    /// Variables are nested too deeply.
    TooDeep,
}

/// What is wrong with a key that is set from outside of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// The name of a variable that starts with `CARML__` has an empty part.
    EmptyPartOfVariable,
    /// The key of a `--set` has an empty part.
    EmptyPartOfFlag,
    /// A `--set` has no `=`.
    NoEquals,
    /// It would set one item of a list.
    Item {
        /// The list.
        list: String,
        /// Whether a variable sets it, or a `--set`.
        is_variable: bool,
    },
    /// Two variables set the same key.
    SameKey {
        /// The variables.
        variables: [String; 2],
    },
}

impl Variable {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Unset { .. } | Self::Required { .. } => Code::UnsetVariable,
            Self::NotClosed
            | Self::NoName
            | Self::UnknownOperator { .. }
            | Self::UnclosedBrace { .. }
            | Self::TooDeep => Code::Variable,
        }
    }

    pub(super) fn message(&self) -> Text {
        match self {
            Self::Unset { name } => not_set(name, false),
            Self::Required {
                name,
                or_empty,
                message,
            } => match message.as_str() {
                "" => not_set(name, *or_empty),
                _ => not_set(name, *or_empty).and(text![": ", message]),
            },
            Self::NotClosed => "a `${` has no `}`".into(),
            Self::NoName => "expected a variable name after `${`".into(),
            Self::UnknownOperator { name } => {
                text!["unexpected characters after `${", name, "`"]
            }
            Self::UnclosedBrace { name } => text![
                "a `{` in the text of `${",
                name,
                "…}` is not closed by the `}` that ends it"
            ],
            Self::TooDeep => "variables nest too deep".into(),
        }
    }
}

fn not_set(name: &Input, or_empty: bool) -> Text {
    let state = if or_empty {
        "` is not set or empty"
    } else {
        "` is not set"
    };
    text!["the variable `", Piece::variable(name), state]
}

impl Assignment {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::EmptyPartOfVariable
            | Self::Item {
                is_variable: true, ..
            } => Code::Variable,
            Self::EmptyPartOfFlag
            | Self::NoEquals
            | Self::Item {
                is_variable: false, ..
            } => Code::Set,
            Self::SameKey { .. } => Code::DuplicateKey,
        }
    }

    pub(super) fn message(&self) -> Text {
        match self {
            Self::EmptyPartOfVariable => "a part of the key is empty".into(),
            Self::EmptyPartOfFlag => "a `--set` has a key with an empty part".into(),
            Self::NoEquals => "a `--set` has no `=`".into(),
            Self::Item { list, .. } => text![
                "`",
                list.clone(),
                "` is a list: its items cannot be set one by one"
            ],
            Self::SameKey {
                variables: [first, second],
            } => text![
                "the variables `",
                first.clone(),
                "` and `",
                second.clone(),
                "` set the same key"
            ],
        }
    }
}
