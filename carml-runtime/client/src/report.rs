//! What an operator sees of the targets.

/// A target that was called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetReport {
    /// What the code asks for.
    pub name: String,
    /// Where its instances are.
    pub target: String,
    /// How one of them is chosen.
    pub policy: &'static str,
    /// Calls that wait for a connection.
    pub waiting: usize,
    /// The instances.
    pub endpoints: Vec<EndpointReport>,
}

/// An instance of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointReport {
    /// Its address; all of them if one is chosen by `pick_first`.
    pub address: String,
    /// As gRPC calls it, or `EJECTED`.
    pub state: &'static str,
    /// Calls in progress.
    pub in_flight: usize,
    /// Calls since it is known.
    pub calls: u64,
    /// Why it was last not ready.
    pub last_error: Option<String>,
}
