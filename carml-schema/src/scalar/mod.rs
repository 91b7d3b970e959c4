//! Strings with a meaning, and limits.

pub mod byte_size;
pub mod duration;
pub mod encoded;
pub mod endpoint;

use carml_diagnostic::Kind;

/// `x-carml-type`: what a string stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scalar {
    /// `5s`.
    Duration,
    /// `500mb`.
    ByteSize,
    /// Never shown.
    Secret,
    /// `host:port`.
    Endpoint,
    /// Bytes.
    Base64,
    /// Certificates or keys.
    Pem,
}

impl Scalar {
    /// The scalar that `x-carml-type` names.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "duration" => Self::Duration,
            "byte-size" => Self::ByteSize,
            "secret" => Self::Secret,
            "endpoint" => Self::Endpoint,
            "base64" => Self::Base64,
            "pem" => Self::Pem,
            _ => return None,
        })
    }

    /// Checks what a pattern of the schema cannot express.
    ///
    /// # Errors
    ///
    /// Why the string is not one of these.
    pub fn verify(self, text: &str) -> Result<(), String> {
        match self {
            Self::Duration => duration::parse(text).map(drop),
            Self::ByteSize => byte_size::parse(text).map(drop),
            Self::Endpoint => match endpoint::wrong(text, false) {
                Some((address, _)) => Err(Kind::from(address).public_message()),
                None => Ok(()),
            },
            Self::Base64 => match encoded::base64(text) {
                Ok(_) => Ok(()),
                Err(error) => Err(format!("it is not base64: {error}")),
            },
            Self::Pem => encoded::pem(text).map(drop),
            Self::Secret => Ok(()),
        }
    }

    /// The name of its Rust type.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Duration => "Duration",
            Self::ByteSize => "ByteSize",
            Self::Secret => "Secret",
            Self::Endpoint => "Endpoint",
            Self::Base64 => "Base64",
            Self::Pem => "Pem",
        }
    }
}

/// The keywords that limit a number or a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the keyword of that name")]
pub enum Limit {
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
    MultipleOf,
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    MinProperties,
    MaxProperties,
}

impl Limit {
    pub(crate) const ALL: [Self; 11] = [
        Self::Minimum,
        Self::Maximum,
        Self::ExclusiveMinimum,
        Self::ExclusiveMaximum,
        Self::MultipleOf,
        Self::MinLength,
        Self::MaxLength,
        Self::MinItems,
        Self::MaxItems,
        Self::MinProperties,
        Self::MaxProperties,
    ];

    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::ExclusiveMinimum => "exclusiveMinimum",
            Self::ExclusiveMaximum => "exclusiveMaximum",
            Self::MultipleOf => "multipleOf",
            Self::MinLength => "minLength",
            Self::MaxLength => "maxLength",
            Self::MinItems => "minItems",
            Self::MaxItems => "maxItems",
            Self::MinProperties => "minProperties",
            Self::MaxProperties => "maxProperties",
        }
    }
}

/// A leading integer, and what follows it and the space that may be between it and its unit.
fn leading_integer(text: &str) -> Result<(u64, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    if digits.is_empty() {
        return Err(format!("`{text}` does not start with an integer"));
    }
    let number = digits.parse();
    let number = number.map_err(|_| format!("`{digits}` is too large"))?;
    Ok((number, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// What a unit with more space around it than one before it is refused with.
const SPACE: &str = "one space is allowed between a number and its unit, and no other";
