//! The key/value contract of CarML: one API over every backend.
//!
//! [`Kv`] is the handle that services use. Its calls mean the same on every backend; what a backend
//! does not have is known from a table ([`capability`]) at build time and at start, and fails with
//! [`ErrorKind::Unsupported`].
//!
//! ```
//! use carml_kv::{Error, Key, Kv, Txn, WatchStart};
//! use futures_util::StreamExt as _;
//!
//! async fn tour(kv: &Kv) -> Result<(), Error> {
//!     let key: Key = "users/ada".parse()?;
//!     let written = kv.put(key.clone(), "admin", None).await?;
//!
//!     // Compare and set: fails with `Conflict` if somebody else wrote in the meantime.
//!     kv.atomic_put(key.clone(), "owner", Some(written), None).await?;
//!
//!     // Several changes as one.
//!     let copy = Txn::new().put("copy/ada".parse()?, "owner").delete(key);
//!     kv.commit(copy).await?;
//!
//!     // A watch starts with the whole state, then delivers every change.
//!     let mut watch = kv.watch_tree(None, WatchStart::Now).await?;
//!     while let Some(batch) = watch.next().await {
//!         println!("{:?}", batch?);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Errors
//!
//! [`Error::kind`] is what to match on, [`Error::applied`] says whether a failed write may have
//! been applied. Writes are never retried automatically.
//!
//! # Modules
//!
//! - [`capability`]: which backend has which call, and with which scope.
//! - [`contract`]: the traits that a backend implements.
//! - `client`: what backends that talk to servers share, with the feature of that name.
//!
//! # Features
//!
//! - `client`: the module of that name.
//! - `status`: conversions between [`Error`] and `tonic::Status`.

pub mod capability;
#[cfg(feature = "client")]
pub mod client;
pub mod contract;

mod answer;
mod election;
mod error;
mod handle;
mod key;
mod lease;
mod limits;
mod lock;
mod observer;
mod present;
#[cfg(feature = "status")]
mod status;
mod txn;
mod types;
mod watch;

pub use answer::BoxFuture;
pub use contract::Backend;
pub use election::{Leader, LeaderHandle, LeaderStream, Leadership};
pub use error::{Applied, Error, ErrorKind};
pub use handle::Kv;
pub use key::Key;
pub use lease::{Lease, LeaseHandle};
pub use lock::{Guard, LockHandle};
pub use observer::Observer;
pub use present::Present;
pub use txn::{Committed, Condition, Op, Txn};
pub use types::{Consistency, Entry, LeaseId, ListOptions, MAX_VALUE, Page, Revision};
pub use watch::{
    Batch, Changes, DeleteCause, Event, Piece, Snapshot, SnapshotReason, WatchStart, WatchStatus,
    WatchStream,
};
