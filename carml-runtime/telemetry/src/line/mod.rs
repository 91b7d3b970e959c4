//! A log line: one JSON object, with its line end.
//!
//! Every event becomes such a line once. Standard output gets it as it is; hooks read it in their
//! own thread ([`Line`]) and write it as their destination wants it.

mod fields;
mod json;
mod layer;
#[cfg(any(feature = "syslog", feature = "elastic-search"))]
mod read;
mod time;

#[cfg(any(feature = "syslog", feature = "http"))]
pub(crate) use layer::LOCAL_TARGET;
pub(crate) use layer::{Lines, OWN_TARGET};
#[cfg(any(feature = "syslog", feature = "elastic-search"))]
pub(crate) use read::Line;
