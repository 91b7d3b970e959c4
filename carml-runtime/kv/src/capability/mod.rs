//! Which provider has which call, and with which scope: generated from `schema/registry.json`.

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

/// Whether a provider meets a requirement.
pub fn meets(provider: Provider, requirement: Requirement) -> bool {
    scope(provider, requirement.call).is_some_and(|offered| offered >= requirement.scope)
}
