//! What a service needs of its stores: `lock:cluster`, `store.presign`.

#[rustfmt::skip]
mod store_call;

use std::{fmt, str::FromStr};

use carml_kv::capability::{self, CALLS, Call, SCOPES, Scope};

pub use store_call::{CALLS as STORE_CALLS, Call as StoreCall};

/// A call that a service needs. The provider in the config must have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// A call of the key/value store, the section `registry`.
    Kv(capability::Requirement),
    /// A call of the object store, the section `store`.
    Store {
        /// The call.
        call: StoreCall,
        /// The minimum scope; `process` only requires that the provider has the call.
        scope: Scope,
    },
}

/// What a text has before the name of a call of the object store.
const STORE: &str = "store.";

impl Requirement {
    /// The section of the config that names the provider.
    pub(crate) fn section(self) -> &'static str {
        match self {
            Self::Kv(_) => "/registry",
            Self::Store { .. } => "/store",
        }
    }

    /// The provider of a config that names none.
    pub(crate) fn default_provider(self) -> &'static str {
        match self {
            Self::Kv(_) => "redb",
            Self::Store { .. } => "fs",
        }
    }

    /// The call's name in its section's table.
    pub(crate) fn call(self) -> &'static str {
        match self {
            Self::Kv(requirement) => requirement.call.as_str(),
            Self::Store { call, .. } => call.as_str(),
        }
    }

    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::Kv(requirement) => requirement.scope,
            Self::Store { scope, .. } => scope,
        }
    }

    /// The call as it is written in `requires(…)`.
    pub(crate) fn written(self) -> String {
        match self {
            Self::Kv(_) => self.call().to_owned(),
            Self::Store { .. } => format!("{STORE}{}", self.call()),
        }
    }
}

impl FromStr for Requirement {
    type Err = InvalidRequirement;

    /// Reads `lock`, `lock:cluster` or `store.presign`.
    fn from_str(text: &str) -> Result<Self, InvalidRequirement> {
        let (name, scope) = text.split_once(':').unwrap_or((text, "process"));
        let (name, scope) = (name.trim(), scope.trim());
        let unknown = || InvalidRequirement::UnknownCall(name.to_owned());
        let unknown_scope = || InvalidRequirement::UnknownScope(scope.to_owned());
        let scope = Scope::parse(scope).ok_or_else(unknown_scope);
        match name.strip_prefix(STORE) {
            Some(call) => Ok(Self::Store {
                call: StoreCall::parse(call).ok_or_else(unknown)?,
                scope: scope?,
            }),
            None => Ok(Self::Kv(capability::Requirement {
                call: Call::parse(name).ok_or_else(unknown)?,
                scope: scope?,
            })),
        }
    }
}

/// Why a text is not a [`Requirement`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRequirement {
    /// Neither store has such a call.
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
    pub fn expected(&self) -> Vec<String> {
        match self {
            Self::UnknownCall(_) => {
                let store = STORE_CALLS
                    .iter()
                    .map(|call| format!("{STORE}{}", call.as_str()));
                let kv = CALLS.iter().map(|call| call.as_str().to_owned());
                kv.chain(store).collect()
            }
            Self::UnknownScope(_) => SCOPES.iter().map(|s| s.as_str().to_owned()).collect(),
        }
    }
}

impl fmt::Display for InvalidRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCall(call) => write!(f, "`{call}` is not a call of a store")?,
            Self::UnknownScope(scope) => write!(f, "unknown scope `{scope}`")?,
        }
        write!(f, ": expected one of {}", self.expected().join(", "))
    }
}

impl std::error::Error for InvalidRequirement {}
