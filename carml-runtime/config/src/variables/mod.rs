//! `${…}` in the strings of files.
//!
//! - `expansion`: one string, after POSIX parameter expansion.
//! - `layer`: every string of a layer, with an error for each that cannot be expanded.

mod expansion;
mod layer;

pub(super) use layer::Expand;
