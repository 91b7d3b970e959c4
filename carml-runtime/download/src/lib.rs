//! Downloads: files that are transferred once, checked, and kept in a cache.
//!
//! - [`Downloads`] is the manager: [`Downloads::fetch`] returns a file, from the cache if it is
//!   there. Even if several tasks and processes request a file at once, it is transferred once.
//! - [`Request`]: a URL, checksums, whether to unpack, where to place a copy.
//! - [`Cached`] is the file. The cache does not remove the file until this is dropped.
//! - [`events`] reports progress.
//!
//! An interrupted transfer resumes, even after its process was killed, if the server proves that
//! the file has not changed. The checksum is computed while bytes arrive. A file is visible only
//! when it is complete.
//!
//! The feature `store` adds URLs of the object store: `store:KEY`.
//!
//! ```no_run
//! use carml_download::{Downloads, Options, Request};
//!
//! # async fn example() -> Result<(), carml_download::Error> {
//! let downloads = Downloads::open(&Options::new("cache"))?;
//! let model = downloads
//!     .fetch(
//!         Request::new("https://example.org/model.onnx")
//!             .sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
//!     )
//!     .await?;
//! println!("{} ({} bytes)", model.path.display(), model.size);
//! # Ok(())
//! # }
//! ```

mod archive;
mod cache;
mod cached;
mod checksum;
mod error;
mod event;
mod flight;
mod http;
mod job;
mod limiter;
mod manager;
mod observer;
mod options;
mod placing;
mod policy;
mod request;
mod retry;
mod transfer;

pub use cache::{CacheEntry, Pruned, Verified};
pub use cached::{CacheSource, Cached};
pub use checksum::{Algorithm, Checksum};
pub use error::{Error, ErrorKind, Rule};
pub use event::{Event, EventReceiver, EventSender, events};
pub use manager::Downloads;
pub use observer::Observer;
pub use options::{
    ChecksumPolicy, Credential, CredentialSecret, Mirror, Options, Proxy, UnpackLimits,
};
pub use request::{Request, Unpack};
