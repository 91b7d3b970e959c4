//! Where the keys and values of a JSON text stand. The text has been read before: what is odd ends the walk.

use super::scalar::{self, Refused};
use super::spans::{Entry, Kind, MOST_NODES, Node, Spans, find_repeated};
use crate::Span;

/// The places of a text's keys and values, if it is JSON.
pub(super) fn of(text: &str) -> Option<Spans> {
    let mut scan = Scan {
        text,
        at: text.len() - text.trim_start_matches('\u{feff}').len(),
        nodes: 0,
        repeated: Vec::new(),
        beyond: Vec::new(),
    };
    let root = scan.value(0)?;
    Some(Spans::new(root, scan.repeated, scan.beyond))
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    nodes: usize,
    repeated: Vec<(String, Span, Span)>,
    beyond: Vec<Span>,
}

impl Scan<'_> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Steps over a byte if it comes next.
    fn eat(&mut self, byte: u8) -> Option<bool> {
        let found = self.peek()? == byte;
        self.at += usize::from(found);
        Some(found)
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        self.nodes += 1;
        if depth > 2 * super::MAX_DEPTH || self.nodes > MOST_NODES {
            return None;
        }
        let first = self.peek()?;
        let start = self.at;
        let kind = match first {
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                while !self.eat(b']')? {
                    items.push(self.value(depth + 1)?);
                    self.eat(b',')?;
                }
                Kind::List(items.into())
            }
            b'{' => {
                self.at += 1;
                let mut entries = Vec::new();
                while !self.eat(b'}')? {
                    self.peek()?;
                    let key = self.string()?;
                    self.eat(b':')?.then_some(())?;
                    let value = self.value(depth + 1)?;
                    entries.push(Entry::quoted(self.text, key, value));
                    self.eat(b',')?;
                }
                find_repeated(self.text, &entries, &mut self.repeated);
                Kind::Map(entries.into())
            }
            b'"' => {
                self.string()?;
                Kind::Leaf
            }
            _ => {
                let rest = &self.text[start..];
                let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'));
                self.at = start + end.unwrap_or(rest.len());
                let word = &self.text[start..self.at];
                if word.is_empty() {
                    return None;
                }
                if matches!(scalar::plain(word), Err(Refused::Beyond)) {
                    self.beyond.push(Span {
                        start,
                        end: self.at,
                    });
                }
                Kind::Leaf
            }
        };
        Some(Node::new(
            Span {
                start,
                end: self.at,
            },
            kind,
        ))
    }

    /// Steps over a text in quotes.
    fn string(&mut self) -> Option<Span> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        if bytes.get(start) != Some(&b'"') {
            return None;
        }
        self.at += 1;
        loop {
            match bytes.get(self.at)? {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(Span {
            start,
            end: self.at,
        })
    }
}
