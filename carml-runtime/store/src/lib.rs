//! The object store of CarML: files under keys, with the same guarantees in a folder, in memory and
//! in a bucket.
//!
//! ```
//! use carml_store::{Error, GetOptions, Key, Mode, PutOptions, Store};
//!
//! async fn tour(store: &Store) -> Result<(), Error> {
//!     let key: Key = "models/small.bin".parse()?;
//!
//!     // From bytes, a file or a stream. Nobody sees half of it.
//!     let put = store.put(&key, "weights", PutOptions::default()).await?;
//!
//!     // Only if nobody has replaced it since: fails with `Conflict`.
//!     let options = PutOptions { mode: Mode::Match(put.etag), ..PutOptions::default() };
//!     store.put(&key, "better weights", options).await?;
//!
//!     let object = store.get(&key, GetOptions::default()).await?;
//!     println!("{} bytes", object.meta.size);
//!     let bytes = object.bytes(1 << 20).await?;
//!     assert_eq!(&bytes[..], b"better weights");
//!     store.delete(&[key]).await
//! }
//! ```
//!
//! # Errors
//!
//! [`Error::kind`] is what to match on, [`Error::applied`] says whether a failed write may have
//! been applied.
//!
//! # Modules
//!
//! - [`provider`]: what a provider implements.
//! - [`fs`], [`memory`]: the providers that need no server.

pub mod fs;
pub mod memory;
pub mod provider;

mod body;
mod error;
mod events;
mod folder;
mod hash;
mod key;
mod object;
mod observer;
mod options;
mod store;

pub use body::{Body, BodyError};
pub use error::{Applied, Error, ErrorKind};
pub use events::{Event, Events, Listener};
pub use hash::{Sha256, verified};
pub use key::Key;
pub use object::{ByteStream, Object};
pub use observer::{Ended, Observer};
pub use options::{
    ByteRange, Entry, EntryKind, GetOptions, ListOptions, Meta, Mode, PresignMethod, Presigned,
    Put, PutOptions, Upload,
};
pub use provider::{Capabilities, Provider};
pub use store::{Store, StoreOptions};
