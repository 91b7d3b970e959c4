//! Source texts with positions, the YAML and JSON values in them, and reports of their errors.
//!
//! - [`Source`]: a named text; [`Source::read`] gives its value, [`Source::locate`] the place of a
//!   JSON pointer.
//! - [`Diagnostic`]: one error or warning, at a place, with how to fix it; its [`Kind`] is data,
//!   its [`Code`] a stable name.
//! - [`RawReport`]: all diagnostics. It may contain secrets and cannot be printed.
//! - [`Report`]: the printable form: human-readable, JSON, or GitHub annotations.
//!   [`RawReport::redact`] makes it, and masks everything that a [`Policy`] does not declare
//!   public.
//! - [`nearest`]: the names that a misspelt one may have meant.
//!
//! ```
//! use carml_diagnostic::{Bound, Diagnostic, Format, Kind, Public, RawReport, Source};
//!
//! let source = Source::new("app.yml", "port: 80\nhost: [", Format::Yaml);
//! let mut found: RawReport = source.read().expect_err("the bracket is not closed");
//! if let Some(place) = source.locate("/port") {
//!     let bound = Bound::AtLeast("1024".to_owned());
//!     let error = Diagnostic::new(Kind::OutOfRange { at: "/port".to_owned(), bound });
//!     found.push(error.at(&source, place.value));
//! }
//! // A schema or a `.proto` file holds no secrets; a config has a policy of its own.
//! let report = found.redact(&Public);
//! assert_eq!(report.errors(), 2);
//! assert!(report.human(false).contains("app.yml:1:7"));
//! ```
//!
//! Values are built straight from the events of saphyr-parser (YAML) and serde_json (JSON).
//! Positions are computed by a second pass, and only when someone asks for one.

mod code;
mod diagnostic;
mod explanation;
mod kind;
mod nearest;
mod pointer;
mod raw_report;
mod read;
mod redact;
mod render;
mod report;
mod source;
mod text;
mod userinfo;

pub use code::Code;
pub use diagnostic::{Diagnostic, Place, Severity};
pub use explanation::Explanation;
pub use kind::{
    Address, Assignment, Bound, BuildOption, Encoding, Escape, Found, Kind, LengthBound,
    Middleware, NotBuilt, Preflight, Proto, Rule, Syntax, TooLarge, Type, Unanswered, Unit,
    Unreadable, Variable,
};
pub use nearest::{Candidates, did_you_mean, distance, nearest};
pub use pointer::{escape_key, unescape_key};
pub use raw_report::RawReport;
pub use read::{Located, MAX_BYTES, MAX_DEPTH, Reading, Token, plain_scalar};
pub use redact::{MASK, Policy, Public};
pub use report::{Finding, Report};
pub use source::{Format, Position, Source, Span};
pub use text::{Input, Piece, Text, trusted};
pub use userinfo::{credentials, without_credentials};
