//! One key/value contract over every backend.

pub mod capability;
pub mod contract;

mod error;
mod handle;
mod hold;
mod key;
#[cfg(feature = "status")]
mod status;
mod types;
mod watch;

pub use contract::{Backend, BoxFuture};
pub use error::{Applied, Error, ErrorKind};
pub use handle::Kv;
pub use hold::{Guard, Hold, Leader, LeaderStream, Leadership, Lease};
pub use key::Key;
pub use types::{
    Committed, Condition, Consistency, Entry, LeaseId, ListOptions, MAX_VALUE, Op, Page, Revision,
    Txn,
};
pub use watch::{Batch, Cause, Changes, Event, From, Reason, Snapshot, WatchStatus, WatchStream};
