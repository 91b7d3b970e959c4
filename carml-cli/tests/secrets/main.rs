//! A planted secret appears nowhere: whatever the place, the mistake beside it, the command and the
//! format.
//!
//! - `known`: mistakes that people make, each in every command.
//! - `lines`: lines of secrets that an edit makes keys.
//! - `random`: every secret of a schema (`schema`), broken at random (`planted`), through the
//!   library: reports in all formats, explanations, reloads, `Debug` and `Display`.
//! - `process`: the same through `carml` and a service that starts.
#![allow(clippy::unwrap_used)]

mod known;
mod lines;
mod planted;
mod process;
mod random;
mod schema;
