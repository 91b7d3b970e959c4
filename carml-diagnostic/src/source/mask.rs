//! What no excerpt shows.

use super::{Source, Span};
use std::collections::HashSet;
use std::sync::RwLock;

/// What stands in place of what is hidden, whatever its length.
const HIDDEN: &str = "******";

/// Places and words to hide.
#[derive(Default)]
pub(super) struct Masks {
    spans: RwLock<Vec<Span>>,
    words: RwLock<HashSet<String>>,
}

impl Source {
    /// Hides a place in every excerpt from now on.
    pub fn mask(&self, span: Span) {
        if let Ok(mut spans) = self.0.masks.spans.write() {
            spans.push(span);
        }
    }

    /// Hides the whole text.
    pub fn mask_all(&self) {
        let end = self.0.text.len();
        self.mask(Span { start: 0, end });
    }

    /// Hides these texts wherever they stand, in every excerpt from now on.
    pub fn mask_words(&self, words: &[String]) {
        if let Ok(mut known) = self.0.masks.words.write() {
            known.extend(words.iter().filter(|w| !w.is_empty()).cloned());
        }
    }

    /// Hides what follows one of the keys, on its line and on the lines that are indented deeper: for texts that do
    /// not parse and so have no places for their secrets. Keys are lower-case parts of a key.
    pub fn mask_keys<'k>(&self, keys: impl IntoIterator<Item = &'k str>) {
        let keys: Vec<&str> = keys.into_iter().collect();
        let mut start = 0;
        // How far the key of a secret is indented, and its value's lines, while the value may go on.
        let mut inside: Option<(usize, Option<usize>)> = None;
        for line in self.0.text.split_inclusive('\n') {
            let body = line.trim_end();
            let lead = body.len() - body.trim_start().len();
            let item = body[lead..].starts_with("- ") || &body[lead..] == "-";
            let goes_on = |(of, lines): (usize, Option<usize>)| {
                let deeper = lead > of && lines.is_none_or(|l| lead >= l);
                body.is_empty() || deeper || lead == of && item
            };
            if inside.is_some_and(goes_on) {
                if let (Some((_, lines @ None)), false) = (&mut inside, body.is_empty()) {
                    *lines = Some(lead);
                }
                self.mask(Span {
                    start: start + lead,
                    end: start + body.len(),
                });
            } else {
                inside = None;
                let plain = body.to_ascii_lowercase();
                let found = keys
                    .iter()
                    .filter_map(|key| Some(plain.find(key)? + key.len()));
                if let Some(after) = found.min() {
                    let from = body[after..]
                        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
                        .map_or(body.len(), |n| after + n);
                    let skip = body[from..]
                        .find(|c: char| !matches!(c, '"' | '\'' | ':' | '=' | ' ' | '\t'))
                        .unwrap_or(body.len() - from);
                    inside = Some((lead, None));
                    self.mask(Span {
                        start: start + from + skip,
                        end: start + body.len(),
                    });
                }
            }
            start += line.len();
        }
    }

    /// Whether something hidden stands in a span.
    pub(crate) fn hides(&self, span: Span) -> bool {
        self.hidden(span).iter().any(|m| m.touches(span))
    }

    /// What is hidden in a window: sorted, apart from one another, each on one line.
    fn hidden(&self, window: Span) -> Vec<Span> {
        let text = &self.0.text;
        let spans = self.0.masks.spans.read();
        let mut found: Vec<Span> = spans
            .iter()
            .flat_map(|s| s.iter())
            .filter(|m| m.touches(window))
            .copied()
            .collect();
        let part = text.get(window.start..window.end).unwrap_or_default();
        let inside = crate::userinfo::passwords(part).into_iter();
        found.extend(inside.map(|at| Span {
            start: window.start + at.start,
            end: window.start + at.end,
        }));
        for word in self.0.masks.words.read().iter().flat_map(|w| w.iter()) {
            found.extend(part.match_indices(word.as_str()).map(|(at, _)| Span {
                start: window.start + at,
                end: window.start + at + word.len(),
            }));
        }
        // A mask over several lines hides a part of each.
        let mut lines: Vec<Span> = Vec::new();
        for mask in found {
            let mut start = mask.start.max(window.start);
            let end = mask.end.min(window.end);
            for line in text
                .get(start..end)
                .unwrap_or_default()
                .split_inclusive('\n')
            {
                let body = line.trim_end_matches(['\n', '\r']);
                let lead = if start == mask.start {
                    0
                } else {
                    body.len() - body.trim_start().len()
                };
                if lead < body.len() {
                    lines.push(Span {
                        start: start + lead,
                        end: start + body.len(),
                    });
                }
                start += line.len();
            }
        }
        lines.sort_unstable();
        let mut apart: Vec<Span> = Vec::new();
        for mask in lines {
            match apart.last_mut() {
                Some(last) if mask.start <= last.end => last.end = last.end.max(mask.end),
                _ => apart.push(mask),
            }
        }
        apart
    }

    /// A part of the text for showing, and where `span` stands in it. What is hidden is shown as the same few stars.
    pub(crate) fn excerpt(&self, window: Span, span: Span) -> (String, Span) {
        let text = &self.0.text;
        let mut out = String::with_capacity(window.end - window.start);
        let mut at = window.start;
        let mut shown = Span { start: 0, end: 0 };
        let hidden = self.hidden(window);
        let mut place = |from: usize, to: usize, out: &str, stars: bool| {
            // The bytes from..to are about to be written.
            let moved = |byte: usize| out.len() + if stars { 0 } else { byte - from };
            if (from..to).contains(&span.start) {
                shown.start = moved(span.start);
            }
            if from < span.end && span.end <= to {
                let stop = if stars { HIDDEN.len() } else { span.end - from };
                shown.end = out.len() + stop;
            }
        };
        for mask in hidden {
            place(at, mask.start, &out, false);
            out.push_str(&text[at..mask.start]);
            place(mask.start, mask.end, &out, true);
            out.push_str(HIDDEN);
            at = mask.end;
        }
        place(at, window.end, &out, false);
        if span.start >= window.end {
            shown.start = out.len() + window.end - at;
        }
        out.push_str(&text[at..window.end]);
        shown.end = shown.end.max(shown.start);
        (out, shown)
    }
}
