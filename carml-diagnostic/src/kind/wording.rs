//! How places, types and counts are named.

use crate::text::Piece;
use crate::{Text, pointer, trusted};

/// The nearest key of a pointer, in backticks.
pub(super) fn subject(at: &str) -> Text {
    let named = |step: &&str| !step.is_empty() && step.parse::<usize>().is_err();
    match at.rsplit('/').find(named) {
        Some(key) => Text::of([
            "`".into(),
            Piece::Key(pointer::unescape_key(key).into_owned()),
            "`".into(),
        ]),
        None => "the document".into(),
    }
}

/// The mapping at a pointer, with its path.
pub(super) fn mapping(at: &str) -> Text {
    if at.is_empty() {
        return "the document".into();
    }
    let mut pieces: Vec<Piece> = vec!["`".into()];
    for (n, step) in at.split('/').skip(1).enumerate() {
        if n > 0 {
            pieces.push(".".into());
        }
        pieces.push(Piece::Key(pointer::unescape_key(step).into_owned()));
    }
    pieces.push("`".into());
    Text::of(pieces)
}

/// Names in backticks with a word between them: `` `a`, `b` or `c` ``.
pub(super) fn list(names: &[String], last: &'static str) -> Text {
    let mut pieces: Vec<Piece> = Vec::new();
    for (n, name) in names.iter().enumerate() {
        match n {
            0 => {}
            n if n + 1 == names.len() => pieces.push(last.into()),
            _ => pieces.push(", ".into()),
        }
        pieces.push(trusted(format!("`{name}`")));
    }
    Text::of(pieces)
}

/// `1 item`, `2 items`.
pub(super) fn count(count: u64, unit: &str) -> Piece {
    trusted(format!(
        "{count} {unit}{}",
        if count == 1 { "" } else { "s" }
    ))
}
