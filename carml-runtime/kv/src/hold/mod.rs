//! What a caller holds: locks, leases, leadership.

mod guard;
mod leadership;
mod lease;

pub use guard::{Guard, Hold};
pub use leadership::{Leader, LeaderStream, Leadership};
pub use lease::Lease;
