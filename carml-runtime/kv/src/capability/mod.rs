//! Which provider has which call, and with which scope: generated from `schema/registry.json`.

use std::str::FromStr;

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
        [Scope::Process, Scope::Cluster]
            .into_iter()
            .find(|s| s.as_str() == text)
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
    type Err = String;

    /// Reads `lock` or `lock:cluster`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (call, scope) = text.split_once(':').unwrap_or((text, "process"));
        let (call, scope) = (call.trim(), scope.trim());
        let found = Call::parse(call).ok_or_else(|| {
            let all: Vec<&str> = CALLS.iter().map(|call| call.as_str()).collect();
            format!(
                "`{call}` is not a call of the store: expected one of {}",
                all.join(", ")
            )
        })?;
        let scope = Scope::parse(scope)
            .ok_or_else(|| format!("unknown scope `{scope}`: expected `process` or `cluster`"))?;
        Ok(Self { call: found, scope })
    }
}

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
