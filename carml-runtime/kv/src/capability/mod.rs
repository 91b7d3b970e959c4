//! Which provider offers which call, and how far: generated from `schema/registry.json`.

mod backend;
#[rustfmt::skip]
mod generated;

pub use generated::{CALLS, Call, MARKDOWN, PROVIDERS, Provider, scope};

/// How far a guarantee reaches.
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
    /// The least scope; `process` asks no more than that the provider has the call.
    pub scope: Scope,
}

/// A requirement that a provider does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What was asked for.
    pub requirement: Requirement,
    /// What the provider has instead.
    pub offered: Option<Scope>,
    /// Who meets it.
    pub providers: Vec<Provider>,
}

/// Whether a provider meets a requirement.
pub fn meets(provider: Provider, requirement: Requirement) -> bool {
    scope(provider, requirement.call).is_some_and(|offered| offered >= requirement.scope)
}

/// What a provider lacks of what is required.
pub fn missing(provider: Provider, requirements: &[Requirement]) -> Vec<Missing> {
    let lacks = requirements.iter().filter(|r| !meets(provider, **r));
    lacks
        .map(|r| Missing {
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
