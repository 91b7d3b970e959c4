//! From what was found to what may be printed.

mod excerpt;
mod policy;

pub use policy::{Policy, Public};

use crate::text::Piece;
use crate::{Diagnostic, Finding, Place, Text};

/// What is shown in place of what is masked, whatever its length.
pub const MASK: &str = "******";

/// A text with nothing masked.
pub(crate) fn public(text: &Text) -> String {
    let words = Words {
        policy: &Public,
        public: true,
    };
    words.text(text)
}

/// A diagnostic as it may be printed.
pub(crate) fn finding(diagnostic: &Diagnostic, policy: &impl Policy) -> Finding {
    let place = diagnostic.place.as_ref();
    let shown = place.map(|place| excerpt::of(place, policy));
    let public = match &shown {
        Some(shown) => shown.public,
        None => policy.is_public_value(diagnostic.pointer.as_deref()),
    };
    let words = Words { policy, public };
    let (start, end) = match place {
        Some(Place { source, span }) => {
            let start = source.position(span.start);
            let end = if public {
                source.position(span.end)
            } else {
                start
            };
            (Some(start), Some(end))
        }
        None => (None, None),
    };
    let pointer = diagnostic.pointer.as_deref().map(|pointer| {
        let steps = pointer.split('/').map(|step| words.key(step));
        steps.collect::<Vec<_>>().join("/")
    });
    let lines = |texts: &[Text]| texts.iter().filter_map(|t| words.line(t)).collect();
    Finding {
        severity: diagnostic.severity,
        code: diagnostic.code(),
        message: words.text(&diagnostic.kind.message()),
        file: place.map(|place| place.source.name().to_owned()),
        start,
        end,
        pointer,
        label: diagnostic.label.as_ref().and_then(|text| words.line(text)),
        notes: lines(&diagnostic.notes),
        helps: lines(&diagnostic.helps),
        excerpt: shown.map(|shown| shown.excerpt),
    }
}

/// Redacts the texts of one diagnostic.
struct Words<'p, P> {
    policy: &'p P,
    /// Whether the place that the diagnostic is about is shown.
    public: bool,
}

impl<P: Policy> Words<'_, P> {
    fn text(&self, text: &Text) -> String {
        text.pieces()
            .iter()
            .map(|piece| self.piece(piece))
            .collect()
    }

    /// A line, unless all of it is masked.
    fn line(&self, text: &Text) -> Option<String> {
        let line = self.text(text);
        (line != MASK).then_some(line)
    }

    /// A text with the known secrets masked.
    fn scrub(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for secret in self.policy.known_secrets(text) {
            out.push_str(text.get(at..secret.start).unwrap_or_default());
            out.push_str(MASK);
            at = at.max(secret.end);
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }

    fn key(&self, key: &str) -> String {
        if self.public || key.is_empty() || self.policy.is_public_key(key) {
            key.to_owned()
        } else {
            MASK.to_owned()
        }
    }

    fn piece(&self, piece: &Piece) -> String {
        match piece {
            Piece::Trusted(text) => text.clone().into_owned(),
            Piece::Key(key) => self.key(key),
            Piece::Input(input) if self.public => self.scrub(input.as_str()),
            Piece::External(text) if self.public || self.policy.knows_all_secrets() => {
                self.scrub(text)
            }
            Piece::Input(_) | Piece::External(_) => MASK.to_owned(),
        }
    }
}
