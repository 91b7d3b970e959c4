//! Which provider has which call, and with which scope: generated from `schema/registry.json`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

mod backend;
#[rustfmt::skip]
mod generated;

pub use generated::{CALLS, Call, MARKDOWN, PROVIDERS, Provider, scope};

/// The scope of a guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Within the process that holds the store.
    Process,
    /// Across all clients of the servers.
    Cluster,
}

impl Scope {
    /// As in `requires(...)`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Process => "process",
            Scope::Cluster => "cluster",
        }
    }

    /// The inverse of [`as_str`](Self::as_str).
    pub fn parse(text: &str) -> Option<Scope> {
        SCOPES.iter().copied().find(|one| one.as_str() == text)
    }
}

/// All of them, the lesser first.
pub const SCOPES: &[Scope] = &[Scope::Process, Scope::Cluster];

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| {
            let all: Vec<&str> = PROVIDERS.iter().map(|known| known.as_str()).collect();
            let expected = all.join(", ");
            D::Error::custom(format_args!(
                "`{name}` is not a provider of the store: expected one of {expected}"
            ))
        })
    }
}

/// A call that a service needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// The call.
    pub call: Call,
    /// The minimum scope; `process` only requires that the provider has the call.
    pub scope: Scope,
}

impl FromStr for Requirement {
    type Err = InvalidRequirement;

    /// Reads `lock` or `lock:cluster`.
    fn from_str(text: &str) -> Result<Self, InvalidRequirement> {
        let (call, scope) = text.split_once(':').unwrap_or((text, "process"));
        let (call, scope) = (call.trim(), scope.trim());
        Ok(Self {
            call: Call::parse(call)
                .ok_or_else(|| InvalidRequirement::UnknownCall(call.to_owned()))?,
            scope: Scope::parse(scope)
                .ok_or_else(|| InvalidRequirement::UnknownScope(scope.to_owned()))?,
        })
    }
}

/// Why a text is not a [`Requirement`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRequirement {
    /// The store has no such call.
    UnknownCall(String),
    /// There is no such scope.
    UnknownScope(String),
}

impl InvalidRequirement {
    /// The part that is not known.
    pub fn written(&self) -> &str {
        match self {
            Self::UnknownCall(part) | Self::UnknownScope(part) => part,
        }
    }

    /// What could be there instead.
    pub fn expected(&self) -> Vec<&'static str> {
        match self {
            Self::UnknownCall(_) => CALLS.iter().map(|call| call.as_str()).collect(),
            Self::UnknownScope(_) => SCOPES.iter().map(|scope| scope.as_str()).collect(),
        }
    }
}

impl fmt::Display for InvalidRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCall(call) => write!(f, "`{call}` is not a call of the store")?,
            Self::UnknownScope(scope) => write!(f, "unknown scope `{scope}`")?,
        }
        write!(f, ": expected one of {}", self.expected().join(", "))
    }
}

impl std::error::Error for InvalidRequirement {}

/// A requirement that a provider does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmetRequirement {
    /// The requirement.
    pub requirement: Requirement,
    /// The scope that the provider has, if it has the call.
    pub offered: Option<Scope>,
    /// The providers that meet it.
    pub providers: Vec<Provider>,
}

/// Whether a provider meets a requirement.
pub fn meets(provider: Provider, requirement: Requirement) -> bool {
    scope(provider, requirement.call).is_some_and(|offered| offered >= requirement.scope)
}

/// The requirements that a provider does not meet.
pub fn unmet(provider: Provider, requirements: &[Requirement]) -> Vec<UnmetRequirement> {
    let unmet = requirements.iter().filter(|r| !meets(provider, **r));
    unmet
        .map(|r| UnmetRequirement {
            requirement: *r,
            offered: scope(provider, r.call),
            providers: PROVIDERS
                .iter()
                .copied()
                .filter(|p| meets(*p, *r))
                .collect(),
        })
        .collect()
}
