//! Unknown keys that may be a part of a secret: an edit can end a value early, so that its next line
//! is read as a key.

use super::Knowledge;
use carml_diagnostic::{Source, Span, escape_key};
use std::collections::HashMap;

/// Where each of these keys begins in a text that is at a pointer of the config, with its name.
///
/// Such a key comes right after a secret where the schema does not allow it, or after a tag, an
/// anchor or another sign on its line, and is not like a key that the schema has there.
pub(super) fn find(knowledge: &Knowledge<'_>, at: &str, source: &Source) -> HashMap<usize, String> {
    let text = source.text();
    let (start, end) = (0, text.len());
    let (tokens, _) = source.tokens(Span { start, end });
    let mut found = HashMap::new();
    let mut after_secret = false;
    for token in tokens {
        let pointer = format!("{at}{}", token.pointer);
        let Some(key) = token.key else {
            after_secret |= knowledge.is_named_secret(&pointer);
            continue;
        };
        let start = token.span.start;
        let parent = pointer;
        let pointer = format!("{parent}/{}", escape_key(&key));
        let expected = !after_secret || knowledge.allows(&pointer);
        let known = || knowledge.is_known_name(&key) || knowledge.is_near_key(&parent, &key);
        if !(expected && is_plain(text, token.span) || known()) {
            found.insert(start, key);
            continue;
        }
        after_secret = knowledge.is_named_secret(&pointer) || knowledge.is_secret_name(&key);
    }
    found
}

/// Whether nothing but indentation, dashes of lists and a bracket or comma comes before a key.
fn is_plain(text: &str, key: Span) -> bool {
    let before = text.get(..key.start).unwrap_or_default();
    let line = before.rfind(['\n', '{', ',', '[']).map_or(0, |n| n + 1);
    let mut signs = before[line..].trim_start_matches('\u{feff}').split(' ');
    let tagged = text[key.start..].starts_with(['!', '&', '*', '?', '|', '>', '-']);
    !tagged && signs.all(|sign| sign.is_empty() || sign == "-")
}
