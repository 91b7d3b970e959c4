//! The lines of a place, with a mask over what is not proven to be public.

use super::{MASK, Policy};
use crate::report::Excerpt;
use crate::{Place, Source, Span};

/// An excerpt, and whether the place that it is made for is shown in it.
pub(super) struct Shown {
    pub(super) excerpt: Excerpt,
    pub(super) public: bool,
}

/// The excerpt of a place.
pub(super) fn of(place: &Place, policy: &impl Policy) -> Shown {
    let Place { source, span } = place;
    let window = window(source.text(), *span);
    let public = is_public(source, *span, window, policy);
    let masked = masked(source, window, policy);
    let end = span.end.min(window.end).max(span.start);
    let mark = Span {
        start: span.start,
        end,
    };
    let (text, mark) = cut(source.text(), window, mark, &masked);
    Shown {
        excerpt: Excerpt {
            text,
            line: source.position(window.start).line,
            mark: mark.start..mark.end,
        },
        public,
    }
}

/// Whether all of a place may be shown, also what is not in its window.
fn is_public(source: &Source, span: Span, window: Span, policy: &impl Policy) -> bool {
    let whole = Span {
        start: window.start,
        end: window.end.max(span.end),
    };
    whole.end - whole.start <= MAX_JUDGED
        && !masked(source, whole, policy)
            .iter()
            .any(|mask| mask.touches(span))
}

/// A longer place is taken to hold a secret.
const MAX_JUDGED: usize = 64 << 10;

/// A longer part of a line is not shown.
const MAX_WIDTH: usize = 400;

/// The line before the place and the line of its start, the long parts of both left out.
fn window(text: &str, span: Span) -> Span {
    let line = text[..span.start].rfind('\n').map_or(0, |n| n + 1);
    let before = match line {
        0 => 0,
        line => text[..line - 1].rfind('\n').map_or(0, |n| n + 1),
    };
    let rest = &text[span.start..];
    let cut = (span.start..)
        .take(rest.len())
        .find(|at| *at >= span.start + MAX_WIDTH && text.is_char_boundary(*at));
    let end = rest.find('\n').map_or(text.len(), |n| span.start + n);
    let mut start = before;
    if span.start - line > MAX_WIDTH {
        start = span.start - MAX_WIDTH;
    } else if line - before > MAX_WIDTH {
        start = line;
    }
    while !text.is_char_boundary(start) {
        start += 1;
    }
    Span {
        start,
        end: end.min(cut.unwrap_or(text.len())),
    }
}

/// What is masked in a window: sorted, apart from one another, each on one line and without space
/// around it.
fn masked(source: &Source, window: Span, policy: &impl Policy) -> Vec<Span> {
    let text = source.text();
    let mut public = policy.public(source, window);
    public.sort_unstable();
    let mut masked = Vec::new();
    let mut hide = |start: usize, end: usize| {
        let mut at = start;
        for line in text
            .get(start..end)
            .unwrap_or_default()
            .split_inclusive('\n')
        {
            let body = line.trim();
            let lead = line.len() - line.trim_start().len();
            if !body.is_empty() {
                masked.push(Span {
                    start: at + lead,
                    end: at + lead + body.len(),
                });
            }
            at += line.len();
        }
    };
    let mut at = window.start;
    for part in public {
        let start = part.start.clamp(window.start, window.end);
        let end = part.end.clamp(window.start, window.end);
        if at < start {
            hide(at, start);
        }
        // Known secrets may be repeated in what is public.
        let from = start.max(at);
        for secret in policy.known_secrets(text.get(from..end).unwrap_or_default()) {
            hide(from + secret.start, from + secret.end);
        }
        at = at.max(end);
    }
    if at < window.end {
        hide(at, window.end);
    }
    masked.sort_unstable();
    let mut apart: Vec<Span> = Vec::new();
    for mask in masked {
        match apart.last_mut() {
            Some(last) if mask.start <= last.end => last.end = last.end.max(mask.end),
            _ => apart.push(mask),
        }
    }
    apart
}

/// A part of the text with its masks, and where `span` is in it.
fn cut(text: &str, window: Span, span: Span, masked: &[Span]) -> (String, Span) {
    let mut out = String::with_capacity(window.end - window.start);
    let mut at = window.start;
    let mut shown = Span { start: 0, end: 0 };
    let mut place = |from: usize, to: usize, out: &str, mask: bool| {
        // The bytes from..to are about to be written.
        let moved = |byte: usize| out.len() + if mask { 0 } else { byte - from };
        if (from..to).contains(&span.start) {
            shown.start = moved(span.start);
        }
        if from < span.end && span.end <= to {
            let stop = if mask { MASK.len() } else { span.end - from };
            shown.end = out.len() + stop;
        }
    };
    for mask in masked {
        place(at, mask.start, &out, false);
        out.push_str(&text[at..mask.start]);
        place(mask.start, mask.end, &out, true);
        out.push_str(MASK);
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
