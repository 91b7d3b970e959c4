//! Source texts with positions, YAML and JSON values read from them, and reports of what is wrong in them.
//!
//! - [`Source`]: a named text; [`Source::read`] gives its value, [`Source::locate`] the place of a JSON pointer.
//! - [`Diagnostic`]: one thing that is wrong, at a place, with what to do; [`Report`]: all of them, sorted and folded.
//! - [`nearest`]: the names that a misspelt one may have meant.
//!
//! Values are built straight from the events of saphyr-parser (YAML) and serde_json (JSON). Positions are computed
//! by a second pass, and only when someone asks for one.

mod code;
mod diagnostic;
mod nearest;
mod pointer;
mod read;
mod render;
mod report;
mod source;
mod userinfo;

pub use code::Code;
pub use diagnostic::{Diagnostic, Place, Severity};
pub use nearest::{distance, nearest};
pub use pointer::{escape_key, unescape_key};
pub use read::{Located, MAX_BYTES, MAX_DEPTH, Reading, plain_scalar};
pub use report::Report;
pub use source::{Format, Position, Source, Span};
pub use userinfo::without_passwords;
