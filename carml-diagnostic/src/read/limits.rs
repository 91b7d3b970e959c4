//! How much is read.

use super::lexer::{Lexer, Part};
use crate::{Diagnostic, Format, Kind, Source, Span, TooLarge};

/// The largest text that is read: 16 MiB.
pub const MAX_BYTES: usize = 16 << 20;

/// How deep sequences and mappings may nest.
pub const MAX_DEPTH: usize = 100;

/// How much memory the values of one text may take, in bytes, roughly: about 700,000 keys with
/// their values. A process that reads such a text stays below 256 MB.
pub(super) const MAX_WEIGHT: usize = 144 << 20;

/// How many items one sequence or mapping in brackets may hold in YAML.
const MAX_FLOW_ITEMS: usize = 250_000;

/// What a value takes beside its text, with what a growing sequence holds in reserve.
pub(super) const VALUE: usize = 104;

/// What a key takes beside its text.
pub(super) const KEY: usize = 88;

/// The error of a text that is too large to be parsed.
pub(super) fn check(source: &Source) -> Option<Diagnostic> {
    let text = source.text();
    if text.len() > MAX_BYTES {
        let kind = Kind::TooLarge(TooLarge::Text {
            name: source.name().to_owned(),
            limit: MAX_BYTES,
        });
        return Some(Diagnostic::new(kind));
    }
    if source.format() != Format::Yaml {
        return None;
    }
    let start = crowded(text)?;
    let kind = Kind::TooLarge(TooLarge::Brackets {
        limit: MAX_FLOW_ITEMS,
    });
    Some(
        Diagnostic::new(kind)
            .at(
                source,
                Span {
                    start,
                    end: start + 1,
                },
            )
            .help("write one item per line, each after `- `"),
    )
}

/// The bracket of a sequence or mapping with more items than the parser can hold: it may keep the
/// tokens of one until it ends.
fn crowded(text: &str) -> Option<usize> {
    let counts = |b: &u8| matches!(b, b'[' | b'{' | b',' | b':');
    if text.len() <= MAX_FLOW_ITEMS || text.bytes().filter(counts).count() <= MAX_FLOW_ITEMS {
        return None;
    }
    let (mut start, mut items) = (0, 0);
    for lexeme in Lexer::new(text).filter(|lexeme| lexeme.depth > 0) {
        match lexeme.part {
            Part::Open if lexeme.depth == 1 => (start, items) = (lexeme.span.start, 1),
            Part::Open | Part::Separator => items += 1,
            _ => {}
        }
        if items > MAX_FLOW_ITEMS {
            return Some(start);
        }
    }
    None
}
