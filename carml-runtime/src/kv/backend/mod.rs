//! One folder per backend; none imports another.

#[cfg(feature = "redb")]
pub mod redb;
