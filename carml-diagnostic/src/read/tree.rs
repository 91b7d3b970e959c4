//! Where the keys and values of a document are.

use super::scalar;
use crate::Span;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The place of a value, and of its key if it belongs to a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// The key, quotes included.
    pub key: Option<Span>,
    /// The value, quotes included.
    pub value: Span,
}

/// A text with more values than this is refused, and has no places.
pub(super) const MAX_NODES: usize = 1_200_000;

/// More entries than these are searched by their names in order.
const MAX_SEARCHED: usize = 32;

/// A key or a scalar of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The JSON pointer of the scalar; of a key, that of its mapping.
    pub pointer: String,
    /// The key, if it is one.
    pub key: Option<String>,
    /// The bytes, quotes included.
    pub span: Span,
}

/// The places of a document's keys and values.
pub(crate) struct Tree {
    pub(super) root: Node,
    /// Where the sequences and mappings of anchors are: the index to take at each level below the
    /// root.
    pub(super) anchors: HashMap<usize, Box<[usize]>>,
    pub(super) names: Names,
    pub(super) out_of_range: Vec<Span>,
}

/// The names of the keys of each mapping.
#[derive(Default)]
pub(super) struct Names {
    duplicates: Vec<Duplicate>,
    /// The entries of a large mapping in the order of their names, by the place of its first key.
    orders: HashMap<usize, Box<[u32]>>,
}

/// A key that its mapping has already.
pub(crate) struct Duplicate {
    pub(crate) key: String,
    pub(crate) span: Span,
    pub(crate) first: Span,
}

/// A span in half the space: texts are far shorter than 4 GiB.
#[derive(Clone, Copy)]
pub(super) struct ShortSpan(u32, u32);

impl From<Span> for ShortSpan {
    fn from(span: Span) -> ShortSpan {
        let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        ShortSpan(short(span.start), short(span.end))
    }
}

impl ShortSpan {
    pub(super) fn get(self) -> Span {
        Span {
            start: self.0 as usize,
            end: self.1 as usize,
        }
    }
}

pub(super) struct Node {
    pub(super) span: ShortSpan,
    pub(super) kind: Kind,
}

impl Node {
    pub(super) fn new(span: Span, kind: Kind) -> Node {
        Node {
            span: span.into(),
            kind,
        }
    }
}

pub(super) enum Kind {
    Scalar,
    Sequence(Box<[Node]>),
    Mapping(Box<[Entry]>),
    /// What an anchor names.
    Alias(usize),
}

pub(super) struct Entry {
    /// The key's name, if its text is not the name.
    pub(super) name: Option<Box<str>>,
    pub(super) key: ShortSpan,
    /// Whether the key is `<<`, which adds the keys of other mappings.
    pub(super) merge: bool,
    pub(super) value: Node,
}

impl Entry {
    /// An entry whose key is in double quotes.
    pub(super) fn quoted(text: &str, key: Span, value: Node) -> Entry {
        let raw = text.get(key.start..key.end).unwrap_or_default();
        let name = raw
            .contains('\\')
            .then(|| serde_json::from_str(raw).ok())
            .flatten();
        Entry {
            name,
            key: key.into(),
            merge: false,
            value,
        }
    }

    fn name<'t>(&'t self, text: &'t str) -> &'t str {
        match &self.name {
            Some(name) => name,
            None => {
                let Span { start, end } = self.key.get();
                let raw = text.get(start..end).unwrap_or_default();
                let inside = raw.strip_prefix('"').and_then(|r| r.strip_suffix('"'));
                inside.unwrap_or(raw)
            }
        }
    }
}

impl Tree {
    pub(crate) fn duplicates(&self) -> &[Duplicate] {
        &self.names.duplicates
    }

    /// Integers that do not fit 64 bits.
    pub(crate) fn out_of_range(&self) -> &[Span] {
        &self.out_of_range
    }

    /// The place of a JSON pointer's value.
    pub(crate) fn locate(&self, text: &str, pointer: &str) -> Option<Located> {
        let (key, node) = self.find(text, pointer)?;
        Some(Located {
            key,
            value: node.span.get(),
        })
    }

    /// Whether a JSON pointer's value is a mapping.
    pub(crate) fn is_mapping(&self, text: &str, pointer: &str) -> bool {
        let found = self.find(text, pointer);
        found.is_some_and(|(_, node)| matches!(self.resolve(node).kind, Kind::Mapping(_)))
    }

    fn find(&self, text: &str, pointer: &str) -> Option<(Option<Span>, &Node)> {
        let mut key = None;
        let mut node = &self.root;
        for step in pointer.split('/').skip(1) {
            let step = crate::unescape_key(step);
            (key, node) = match &self.resolve(node).kind {
                Kind::Sequence(items) => (None, items.get(step.parse::<usize>().ok()?)?),
                Kind::Mapping(entries) => {
                    let entry = self.entry(entries, text, &step)?;
                    (Some(entry.key.get()), &entry.value)
                }
                _ => return None,
            };
        }
        Some((key, node))
    }

    /// Whether what other layers have at a JSON pointer is replaced by this text.
    pub(crate) fn shadows(&self, text: &str, pointer: &str) -> bool {
        let mut node = &self.root;
        let Span { start, end } = node.span.get();
        let plain = text.get(start..end).unwrap_or_default();
        // An empty document decides nothing.
        if matches!(node.kind, Kind::Scalar) && matches!(scalar::plain(plain), Ok(Value::Null)) {
            return false;
        }
        for step in pointer.split('/').skip(1) {
            let Kind::Mapping(entries) = &self.resolve(node).kind else {
                return true;
            };
            let step = crate::unescape_key(step);
            match self.entry(entries, text, &step) {
                Some(entry) => node = &entry.value,
                None => return false,
            }
        }
        true
    }

    /// The node itself, or the one whose anchor it names.
    fn resolve<'s>(&'s self, node: &'s Node) -> &'s Node {
        let Kind::Alias(id) = node.kind else {
            return node;
        };
        let named = self.anchors.get(&id).and_then(|path| {
            path.iter()
                .try_fold(&self.root, |node, at| match &node.kind {
                    Kind::Sequence(items) => items.get(*at),
                    Kind::Mapping(entries) => entries.get(*at).map(|entry| &entry.value),
                    _ => None,
                })
        });
        named.unwrap_or(node)
    }

    /// The entry of a key: the mapping's own, or the first that `<<` adds.
    fn entry<'s>(&'s self, own: &'s [Entry], text: &str, key: &str) -> Option<&'s Entry> {
        let mut open: Vec<&Node> = Vec::new();
        let mut seen = HashSet::new();
        let mut entries = own;
        loop {
            let found = self.names.find(text, entries, key);
            if found.is_some() {
                return found;
            }
            let merged = entries.iter().filter(|e| e.merge).rev();
            open.extend(merged.map(|e| &e.value));
            entries = loop {
                match &self.resolve(open.pop()?).kind {
                    Kind::Sequence(maps) if seen.insert(maps.as_ptr().cast()) => {
                        open.extend(maps.iter().rev());
                    }
                    Kind::Mapping(entries) if seen.insert(entries.as_ptr().cast::<()>()) => {
                        break entries;
                    }
                    _ => {}
                }
            };
        }
    }

    /// Where the value of the document ends.
    pub(crate) fn end(&self) -> usize {
        self.root.span.get().end
    }

    /// The keys and scalars that touch a window, in the order of the text.
    pub(crate) fn tokens(&self, text: &str, window: Span) -> Vec<Token> {
        let mut found = Vec::new();
        let mut pointer = String::new();
        self.root.tokens(text, window, &mut pointer, &mut found);
        found
    }
}

impl Node {
    fn tokens(&self, text: &str, window: Span, pointer: &mut String, found: &mut Vec<Token>) {
        let length = pointer.len();
        match &self.kind {
            Kind::Scalar | Kind::Alias(_) => found.push(Token {
                pointer: pointer.clone(),
                key: None,
                span: self.span.get(),
            }),
            // Items are in the order of the text.
            Kind::Sequence(items) => {
                let from = items.partition_point(|n| n.span.get().end < window.start);
                let until = items.partition_point(|n| n.span.get().start <= window.end);
                for (n, item) in items.iter().enumerate().take(until).skip(from) {
                    pointer.push_str(&format!("/{n}"));
                    item.tokens(text, window, pointer, found);
                    pointer.truncate(length);
                }
            }
            Kind::Mapping(entries) => {
                let from = entries.partition_point(|e| e.value.span.get().end < window.start);
                let until = entries.partition_point(|e| e.key.get().start <= window.end);
                for entry in entries.iter().take(until).skip(from) {
                    found.push(Token {
                        pointer: pointer.clone(),
                        key: Some(entry.name(text).to_owned()),
                        span: entry.key.get(),
                    });
                    // What `<<` adds belongs to the mapping itself.
                    if !entry.merge {
                        pointer.push('/');
                        pointer.push_str(&crate::escape_key(entry.name(text)));
                    }
                    entry.value.tokens(text, window, pointer, found);
                    pointer.truncate(length);
                }
            }
        }
    }
}

impl Names {
    /// Adds the keys of a mapping.
    pub(super) fn add(&mut self, text: &str, entries: &[Entry]) {
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..count).collect();
        let name = |n: u32| entries[n as usize].name(text);
        order.sort_by(|a, b| name(*a).cmp(name(*b)).then(a.cmp(b)));
        let mut first = 0;
        for at in 1..order.len() {
            if name(order[at]) != name(order[first]) {
                first = at;
                continue;
            }
            self.duplicates.push(Duplicate {
                key: name(order[at]).to_owned(),
                span: entries[order[at] as usize].key.get(),
                first: entries[order[first] as usize].key.get(),
            });
        }
        if entries.len() > MAX_SEARCHED {
            self.orders.insert(entries[0].key.get().start, order.into());
        }
    }

    /// The entry of a key in a mapping's own entries. Of a key that appears twice, the last one has
    /// the value that is read.
    fn find<'e>(&self, text: &str, entries: &'e [Entry], key: &str) -> Option<&'e Entry> {
        let is_meant = |e: &&Entry| !e.merge && e.name(text) == key;
        let first = entries.first()?.key.get().start;
        // A mapping that is a key begins where its own first key does.
        let order = self.orders.get(&first);
        let Some(order) = order.filter(|order| order.len() == entries.len()) else {
            return entries.iter().rev().find(is_meant);
        };
        let end = order.partition_point(|n| entries[*n as usize].name(text) <= key);
        let sorted = order[..end].iter().rev().map(|n| &entries[*n as usize]);
        sorted.take_while(|e| e.name(text) == key).find(is_meant)
    }
}
