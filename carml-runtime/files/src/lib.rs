//! Writes files atomically: a reader sees a complete file or none, even after a crash.
//!
//! A file is written in a [`Staging`] folder, then published under its name by a rename or a hard
//! link. The staging folder must be on the file system of the target.
//!
//! ```
//! use std::io::Write as _;
//!
//! use carml_files::{Durability, Publish, Staging};
//!
//! # let folder = tempfile::tempdir()?;
//! # let root = folder.path();
//! let staging = Staging::open(root.join(".staging"), Durability::Synced)?;
//! let mut file = staging.stage()?;
//! file.write_all(b"weights")?;
//! carml_files::attributes::set(file.as_file(), "content-type", b"text/plain")?;
//! // Without `publish`, the file is removed when it is dropped.
//! file.publish(&root.join("models/small.bin"), Publish::Create)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! All calls block: async code runs them in `spawn_blocking`.
//!
//! - [`Staging`]: [`stage`](Staging::stage) a file, [`stage_folder`](Staging::stage_folder) a tree,
//!   [`sweep`](Staging::sweep) what crashed processes left.
//! - [`Lock`]: locks between processes, which end with their holder.
//! - [`folder`]: folders that are private, synced, removed when empty.
//! - [`attributes`]: extended attributes of a file.

pub mod attributes;
pub mod folder;

mod lock;
mod publish;
mod staging;

pub use lock::Lock;
pub use publish::{Publish, PublishError, Staged, StagedFolder};
pub use staging::{Durability, Staging, Swept};
