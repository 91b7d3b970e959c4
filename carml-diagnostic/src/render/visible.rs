//! Control characters as characters that a terminal shows and does not obey.

use std::{borrow::Cow, ops::Range};

/// The text with a visible character for each control character, line breaks and tabs excepted.
/// Unicode has pictures of the first 32 and of DEL; for the others, of U+0080 to U+009F, it is the
/// replacement character.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|c| match c {
        c if !is_obeyed(c) => c,
        '\u{7F}' => '\u{2421}',
        c => char::from_u32(0x2400 + u32::from(c))
            .filter(|_| c < ' ')
            .unwrap_or(char::REPLACEMENT_CHARACTER),
    });
    Cow::Owned(shown.collect())
}

/// The same, and where a part of the text is in it.
pub(super) fn visible_part<'t>(text: &'t str, part: &Range<usize>) -> (Cow<'t, str>, Range<usize>) {
    let moved = |at: usize| visible(&text[..at]).len();
    (visible(text), moved(part.start)..moved(part.end))
}

fn is_obeyed(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_left() {
        let all: String = (0..=0x9F).filter_map(char::from_u32).collect();
        let left: Vec<char> = visible(&all).chars().filter(|c| c.is_control()).collect();
        assert_eq!(left, ['\t', '\n']);
        assert_eq!(visible("a\u{1b}[2J\u{9b}2J\u{7f}"), "a␛[2J\u{fffd}2J␡");
        assert_eq!(visible("é\u{a0}ü"), "é\u{a0}ü");
    }

    #[test]
    fn a_part_is_moved_with_the_text() {
        let (text, part) = visible_part("\u{9b}ab\u{1b}", &(2..5));
        assert_eq!(&text[part], "ab␛");
    }
}
