//! Compiles schemas to Rust, compiles the Rust, and tries real files on its types.
//!
//! [`collection`] → [`convert`] → [`build`] → [`judge`] → [`report`].

pub mod build;
pub mod collection;
pub mod convert;
pub mod judge;
pub mod known;
pub mod report;
pub mod run;
pub mod suite;
mod why;
