//! The places of a JSON text. It has been read before: what is not JSON ends the walk.

use super::scalar::{self, Refused};
use super::tree::{Entry, Kind, MAX_NODES, Names, Node, Tree};
use crate::{MAX_DEPTH, Span};
use std::collections::HashMap;

/// The places of a text's keys and values, if it is JSON.
pub(super) fn build(text: &str) -> Option<Tree> {
    let mut scan = Scan {
        text,
        at: text.len() - text.trim_start_matches('\u{feff}').len(),
        nodes: 0,
        names: Names::default(),
        out_of_range: Vec::new(),
    };
    let root = scan.value(0)?;
    Some(Tree {
        root,
        anchors: HashMap::new(),
        names: scan.names,
        out_of_range: scan.out_of_range,
    })
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    nodes: usize,
    names: Names,
    out_of_range: Vec<Span>,
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
        if depth > 2 * MAX_DEPTH || self.nodes > MAX_NODES {
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
                Kind::Sequence(items.into())
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
                self.names.add(self.text, &entries);
                Kind::Mapping(entries.into())
            }
            b'"' => {
                self.string()?;
                Kind::Scalar
            }
            _ => {
                let rest = &self.text[start..];
                let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'));
                self.at = start + end.unwrap_or(rest.len());
                let word = &self.text[start..self.at];
                if word.is_empty() {
                    return None;
                }
                if matches!(scalar::plain(word), Err(Refused::OutOfRange)) {
                    self.out_of_range.push(Span {
                        start,
                        end: self.at,
                    });
                }
                Kind::Scalar
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

    /// Steps over a string.
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
