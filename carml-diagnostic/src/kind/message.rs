//! The message of each kind.

use super::wording::{count, list, mapping, subject};
use super::{Bound, Found, Kind, LengthBound, TooLarge, Unit, Unreadable};
use crate::{Input, Text, redact, text, trusted};

impl Kind {
    /// What is wrong, in one line, with nothing masked: for what holds no secret, such as the
    /// defaults of a schema.
    pub fn public_message(&self) -> String {
        redact::public(&self.message())
    }

    /// What is wrong, in one line.
    pub(crate) fn message(&self) -> Text {
        match self {
            Self::Unreadable { file, reason } => match reason {
                Unreadable::IsFolder => text![trusted(format!("{file} is a folder"))],
                Unreadable::NotRegular => text![trusted(format!("{file} is not a regular file"))],
                Unreadable::NotFound => {
                    text![trusted(format!("{file} cannot be read: no such file"))]
                }
                Unreadable::PermissionDenied => {
                    text![trusted(format!("{file} cannot be read: permission denied"))]
                }
                Unreadable::Other(why) => text![trusted(format!("{file} cannot be read: {why}"))],
            },
            Self::TooLarge(TooLarge::Text { name, limit }) => {
                let limit = limit >> 20;
                text![trusted(format!("{name} is over the limit of {limit} MiB"))]
            }
            Self::TooLarge(TooLarge::Values) => "document too large: too many values".into(),
            Self::TooLarge(TooLarge::Brackets { limit }) => {
                text!["more than ", *limit, " items between brackets"]
            }
            Self::UnknownKey { key, parent, .. } => not_a_key(key, parent),
            Self::KeyOfAnotherAlternative { key, parent, when } => {
                let text = not_a_key(key, parent);
                match when {
                    Some((other, value)) => {
                        let when = trusted(format!(" when `{other}` is `"));
                        text.and(text![when, value, "`"])
                    }
                    None => text,
                }
            }
            Self::NothingAllowed { at } => subject(at).and(" is not allowed here"),
            Self::MissingKey { keys, parent } => list(keys, " or ")
                .and(" is missing in ")
                .and(mapping(parent)),
            Self::TypeMismatch {
                at,
                expected,
                found,
            } => text!["expected ", trusted(expected), " for "]
                .and(subject(at))
                .and(", found ")
                .and(found.words()),
            Self::ValueNotAllowed { at, found } => match found {
                Found::Scalar(value) => {
                    text!["`", value, "` is not an allowed value for "].and(subject(at))
                }
                Found::Of(found) => subject(at).and(" cannot be ").and(found.words()),
            },
            Self::OptionsMissing { name } => text![trusted(format!("`{name}` needs options"))],
            Self::OptionsNotAllowed { name } => {
                text![trusted(format!("`{name}` takes no options"))]
            }
            Self::FormatMismatch { at, expected } => {
                subject(at).and(text![" is not ", trusted(expected)])
            }
            Self::OutOfRange { at, bound } => {
                let bound = match bound {
                    Bound::AtLeast(limit) => format!("at least {limit}"),
                    Bound::AtMost(limit) => format!("at most {limit}"),
                    Bound::MoreThan(limit) => format!("more than {limit}"),
                    Bound::LessThan(limit) => format!("less than {limit}"),
                    Bound::MultipleOf(limit) => format!("a multiple of {limit}"),
                };
                subject(at).and(text![" must be ", trusted(bound)])
            }
            Self::WrongLength { at, bound } => subject(at).and(match bound {
                LengthBound::NotEmpty => " must not be empty".into(),
                LengthBound::AtLeast(limit, unit) => {
                    text![" must have at least ", count(*limit, unit.word())]
                }
                LengthBound::AtMost(limit, unit) => {
                    text![" must have at most ", count(*limit, unit.word())]
                }
            }),
            Self::DuplicateItem { at } => Text::trusted("duplicate item in ").and(subject(at)),
            Self::KeyForm { key, parent } => text!["the key `", key, "` of "]
                .and(mapping(parent))
                .and(" does not have an allowed form"),
            Self::MutuallyExclusive { keys, parent } => list(keys, " and ")
                .and(" are mutually exclusive in ")
                .and(mapping(parent)),
            Self::Ambiguous { at } => subject(at).and(" matches more than one alternative"),
            Self::Excluded { at, found } => match found {
                Found::Scalar(value) => subject(at).and(text![" must not be `", value, "`"]),
                Found::Of(found) => subject(at)
                    .and(" must not be ")
                    .and(found.words())
                    .and(" of this form"),
            },
            Self::ExcludedKey { key, parent } => {
                text![trusted(format!("`{key}` is not allowed in "))].and(mapping(parent))
            }
            Self::NoMatchingItem { at } => Text::trusted("no item of ")
                .and(subject(at))
                .and(" has the required form"),
            Self::Constraint { at, problem } => subject(at).and(text![": ", trusted(problem)]),
            Self::NoMatch { .. } => "the document does not match its schema".into(),
            Self::NoSuchKey { key } => text!["`", key.clone(), "` is not a key of this config"],
            Self::InvalidScalar { problem } => text![problem.clone()],
            Self::Refused { problem } => text![problem.clone()],
            Self::NotUtf8 { file: None } => "this is not valid UTF-8".into(),
            Self::NotUtf8 { file: Some(file) } => {
                text![trusted(format!("{file} is not valid UTF-8"))]
            }
            Self::IntegerRange => "this integer does not fit 64 bits".into(),
            Self::DuplicateKey { key: Some(key) } => {
                text!["duplicate key `", key, "` in this mapping"]
            }
            Self::DuplicateKey { key: None } => "duplicate key in a mapping".into(),
            Self::SecretAndFile { key } => {
                text![trusted(format!("`{key}` and `{key}_file` are both given"))]
            }
            Self::SecretFile { key, file, reason } => text![
                file,
                trusted(format!(", the file of `{key}`, cannot be read: {reason}"))
            ],
            Self::NotASchema { name, at, problem } => {
                let place = match at.as_str() {
                    "" => String::new(),
                    at => format!("at `{at}`: "),
                };
                text![trusted(format!(
                    "{name}: this is not a usable schema: {place}{problem}"
                ))]
            }
            Self::SchemaBomb { name } => text![trusted(format!(
                "{name}: this schema is too expensive to validate with"
            ))],
            Self::InvalidDefault { at, problem } => {
                text![trusted(format!("invalid default at `{at}`: {problem}"))]
            }
            Self::Proto(proto) => proto.message(),
            Self::BuildOption(option) => option.message(),
            Self::NotRust { problem } => {
                text![trusted(format!(
                    "the generated code is not valid Rust: {problem}"
                ))]
            }
            Self::SectionExists { name, type_name } => text![trusted(format!(
                "the section `{name}` already exists; `{type_name}` cannot be added under this name"
            ))],
            Self::MiddlewareExists { name } => {
                text!["the middleware `", *name, "` already exists"]
            }
            Self::Syntax(syntax) => syntax.message(),
            Self::Variable(variable) => variable.message(),
            Self::Assignment(assignment) => assignment.message(),
            Self::Address(address) => address.message(),
            Self::Rule(rule) => rule.message(),
            Self::Preflight(preflight) => preflight.message(),
        }
    }
}

fn not_a_key(key: &Input, parent: &str) -> Text {
    text!["`", key, "` is not a key of "].and(mapping(parent))
}

impl Unit {
    fn word(self) -> &'static str {
        match self {
            Self::Character => "character",
            Self::Item => "item",
            Self::Key => "key",
        }
    }
}
