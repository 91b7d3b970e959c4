//! What of the input may be shown.

use std::ops::Range;

use crate::{Source, Span};

/// Decides what of the input is shown. What it does not prove to hold no secret is masked.
pub trait Policy {
    /// The parts of a source, within a window of it, that are proven to hold no secret.
    fn public(&self, source: &Source, window: Span) -> Vec<Span>;

    /// Whether a step of a JSON pointer is proven to be no secret.
    fn is_public_key(&self, key: &str) -> bool;

    /// Whether the value of a JSON pointer may be shown where its place is not known; of no pointer,
    /// whether the whole input may.
    fn is_public_value(&self, pointer: Option<&str>) -> bool;

    /// Whether every secret of the input is known, so that [`Policy::known_secrets`] finds each.
    fn knows_all_secrets(&self) -> bool;

    /// Where a text repeats a known secret: ranges of bytes, sorted.
    fn known_secrets(&self, text: &str) -> Vec<Range<usize>>;
}

/// The policy for inputs that hold no secrets, such as schemas and `.proto` files: everything is
/// shown.
#[derive(Clone, Copy, Debug)]
pub struct Public;

impl Policy for Public {
    fn public(&self, _: &Source, window: Span) -> Vec<Span> {
        vec![window]
    }

    fn is_public_key(&self, _: &str) -> bool {
        true
    }

    fn is_public_value(&self, _: Option<&str>) -> bool {
        true
    }

    fn knows_all_secrets(&self) -> bool {
        true
    }

    fn known_secrets(&self, _: &str) -> Vec<Range<usize>> {
        Vec::new()
    }
}
