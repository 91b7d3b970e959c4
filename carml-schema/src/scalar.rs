//! Strings with a meaning, and limits.

/// `x-carml-type`: what a string stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
