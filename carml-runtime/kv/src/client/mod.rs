//! What backends that talk to servers share: which server is asked, what is tried again, TLS, and
//! the clocks of leases.

mod address;
mod backoff;
mod call;
mod caller;
mod endpoints;
mod failure;
mod leases;
mod refusal;
mod released;
mod tls;
mod watch_queue;

pub use self::{
    address::address,
    backoff::Backoff,
    call::Call,
    caller::{Caller, Limits, Server},
    endpoints::Endpoints,
    failure::{Failure, Outcome, causes},
    leases::{Leases, Validity},
    refusal::{conflict, copy, is_passing, misunderstood, not_held},
    released::Released,
    tls::Tls,
    watch_queue::{Room, WatchQueue},
};

/// What a place in a queue decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// A lock.
    Lock,
    /// An election.
    Election,
}

impl Queue {
    /// The name of the call, for errors.
    pub fn op(self) -> &'static str {
        match self {
            Queue::Lock => "lock",
            Queue::Election => "election",
        }
    }
}
