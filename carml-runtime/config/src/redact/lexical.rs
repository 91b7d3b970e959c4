//! Which parts of a text are public, by its words alone: for text that could not be parsed into
//! keys and values.

use super::Knowledge;
use carml_diagnostic::Span;

/// How far back the keys above a line are looked for, and the longest line that is looked through.
/// Where that is not enough, nothing of the line is public.
const MAX_BACK: usize = 256 << 10;

/// Of a line with more words, nothing more is public.
const MAX_WORDS: usize = 10_000;

/// The parts of a window of a text that are proven to be public.
pub(super) fn public(knowledge: &Knowledge<'_>, text: &str, window: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = text[..window.start].rfind('\n').map_or(0, |n| n + 1);
    let lines = text[start..window.end.max(start)].split_inclusive('\n');
    for part in lines {
        let line = &text[start..];
        let body = line.split('\n').next().unwrap_or_default().trim_end();
        let below = if body.len() > MAX_BACK {
            Below::Secret
        } else {
            Below::of(knowledge, text, start, body)
        };
        if below != Below::Secret {
            let scan = Scan::of(knowledge, body, below == Below::Public);
            found.extend(scan.public.into_iter().map(|(from, to)| Span {
                start: start + from,
                end: start + to,
            }));
        }
        start += part.len();
    }
    found
}

/// The key whose value a line may belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    /// That of a secret.
    Secret,
    /// One that the schema knows, and whose values hold no secret.
    Public,
    /// A key that says neither.
    Other,
}

impl Below {
    /// What the lines above a line, if they are indented less, say about it.
    fn of(knowledge: &Knowledge<'_>, text: &str, start: usize, body: &str) -> Self {
        let mut indent = indent(body);
        let mut item = body[indent..].starts_with('-');
        let mut nearest = None;
        let mut end = start;
        while (indent > 0 || item) && end > 0 {
            if start - end > MAX_BACK {
                return Self::Secret;
            }
            let above = text[..end - 1].rfind('\n').map_or(0, |n| n + 1);
            let line = text[above..end].trim_end();
            if line.len() > MAX_BACK {
                return Self::Secret;
            }
            end = above;
            let lead = self::indent(line);
            let is_item = line[lead..].starts_with('-');
            // A list may be as far to the left as its key.
            if line.is_empty() || lead > indent || lead == indent && (!item || is_item) {
                continue;
            }
            let scan = Scan::of(knowledge, line, false);
            if scan.secret {
                return Self::Secret;
            }
            nearest.get_or_insert(scan.open);
            (indent, item) = (lead, is_item);
        }
        match nearest {
            Some(true) => Self::Public,
            _ => Self::Other,
        }
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// What is public of one line.
#[derive(Default)]
struct Scan {
    public: Vec<(usize, usize)>,
    /// Whether a key of a secret is on it: what follows is not public, nor are the lines below.
    secret: bool,
    /// Whether it ends in a key without secrets, whose value is below.
    open: bool,
}

impl Scan {
    /// `below` says whether the line is below the key of a value without secrets.
    fn of(knowledge: &Knowledge<'_>, line: &str, below: bool) -> Self {
        let mut scan = Self::default();
        // Whether a key may be next, and whether what follows is the value of a key that is public.
        let (mut key_next, mut value) = (true, below);
        let (mut at, mut words) = (0, 0);
        // How many brackets are open, and how many were when the value began.
        let (mut depth, mut value_depth) = (0, 0);
        let is_unclosed = line.matches(['{', '[']).count() > line.matches(['}', ']']).count();
        while let Some(first) = line[at..].chars().next() {
            if is_separator(first) {
                let next = at + first.len_utf8();
                let comment = first == '#' && (at == 0 || line[..at].ends_with([' ', '\t']));
                if comment && knowledge.is_strict() {
                    break;
                }
                match first {
                    '{' | '[' => {
                        // Where one is not closed, what follows may be of an outer one.
                        value &= depth == 0 || !is_unclosed;
                        depth += 1;
                        key_next |= !value;
                    }
                    '}' | ']' => {
                        depth -= 1;
                        value &= depth >= value_depth;
                    }
                    // It ends a value between brackets, which may have been opened on a line above.
                    ',' if depth <= value_depth => (key_next, value) = (true, false),
                    _ => {}
                }
                scan.show(at, next);
                at = next;
                continue;
            }
            let end = line[at..].find(is_separator).map_or(line.len(), |n| at + n);
            let word = &line[at..end];
            if word == "-" {
                scan.show(at, end);
                at = end;
                continue;
            }
            let after = line[end..].trim_start_matches(['"', '\'']).trim_start();
            let key = after.starts_with([':', '=']);
            words += 1;
            if words > MAX_WORDS {
                scan.secret = true;
                break;
            }
            if knowledge.is_secret_key(word) {
                if knowledge.is_known_name(word) {
                    scan.show(at, end);
                }
                scan.secret = true;
                let rest = line[end..].trim_start_matches(['"', '\'']);
                if rest.starts_with(':') {
                    scan.show(end, line.len() - rest.len() + 1);
                }
                break;
            }
            if value && !key_next && depth == value_depth && is_key(&line[end..]) {
                // A key in a value: what separated them is missing.
                scan.secret = true;
                break;
            }
            if key_next && key {
                value = knowledge.is_public_leaf(word);
                value_depth = depth;
                // What is before a key may be a part of it.
                let alone = line[..at].trim_matches([' ', '-', '"', '\'']).is_empty();
                scan.open = value && alone && after[1..].trim().is_empty();
                key_next = false;
                if value || knowledge.is_known_name(word) {
                    scan.show(at, end);
                }
            } else if value || knowledge.is_public_word(word) {
                scan.show(at, end);
            }
            if !value {
                key_next = after.starts_with([',', '{', '[']);
            }
            at = end;
        }
        scan
    }

    fn show(&mut self, from: usize, to: usize) {
        match self.public.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => self.public.push((from, to)),
        }
    }
}

/// Whether what follows a word makes it a key of YAML, and not a part of an address.
fn is_key(rest: &str) -> bool {
    let after = rest.strip_prefix(':');
    after.is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '{' | '}' | '[' | ']' | ',' | ':' | '=' | '"' | '\'' | '#' | '|' | '>' | '?'
        )
}
