//! Where keys and values stand: a second pass over the text, made only when someone asks.

use super::events::{Cursor, Events};
use super::scalar;
use super::yaml::merges;
use crate::{Format, Source, Span};
use saphyr_parser::{Event, ScalarStyle};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The place of a value, and of its key if it stands in a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// The key, quotes included.
    pub key: Option<Span>,
    /// The value, quotes included.
    pub value: Span,
}

/// A text with more values than this is refused, and has no places.
pub(super) const MOST_NODES: usize = 1_200_000;

/// The places of a document's keys and values.
pub(crate) struct Spans {
    root: Node,
    /// Where the lists and maps of anchors stand: the index to take at each level below the root.
    anchors: HashMap<usize, Box<[usize]>>,
    repeated: Vec<(String, Span, Span)>,
    beyond: Vec<Span>,
}

/// A span in half the space: texts are far shorter than 4 GiB.
#[derive(Clone, Copy)]
struct Short(u32, u32);

impl From<Span> for Short {
    fn from(span: Span) -> Short {
        let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Short(short(span.start), short(span.end))
    }
}

impl Short {
    fn get(self) -> Span {
        Span {
            start: self.0 as usize,
            end: self.1 as usize,
        }
    }
}

pub(super) struct Node {
    span: Short,
    kind: Kind,
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
    Leaf,
    List(Box<[Node]>),
    Map(Box<[Entry]>),
    /// What an anchor names.
    Alias(usize),
}

pub(super) struct Entry {
    /// The key's name, if its text is not the name.
    name: Option<Box<str>>,
    key: Short,
    /// Whether the key is `<<`, which adds the keys of other maps.
    merge: bool,
    value: Node,
}

impl Entry {
    /// An entry whose key stands in double quotes.
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

impl Spans {
    pub(super) fn new(root: Node, repeated: Vec<(String, Span, Span)>, beyond: Vec<Span>) -> Spans {
        Spans {
            root,
            anchors: HashMap::new(),
            repeated,
            beyond,
        }
    }

    pub(crate) fn of(source: &Source) -> Option<Spans> {
        if source.format() == Format::Json {
            return super::json_spans::of(source.text());
        }
        if super::crowded(source.readable()).is_some() {
            return None;
        }
        let mut walk = Walk {
            events: Events::of(source.readable()),
            text: source.readable(),
            cursor: Cursor::new(source.readable()),
            anchors: HashMap::new(),
            texts: HashMap::new(),
            path: Vec::new(),
            repeated: Vec::new(),
            beyond: Vec::new(),
            nodes: 0,
        };
        let root = loop {
            match walk.events.next().ok()? {
                (Event::DocumentStart(_), _) => {
                    let (event, at) = walk.events.next().ok()?;
                    break walk.node(event, at, 0)?;
                }
                // A document of nothing stands where the text begins.
                (Event::StreamEnd, _) => break Node::new(Span { start: 0, end: 0 }, Kind::Leaf),
                _ => {}
            }
        };
        Some(Spans {
            root,
            anchors: walk.anchors,
            repeated: walk.repeated,
            beyond: walk.beyond,
        })
    }

    pub(crate) fn repeated(&self) -> &[(String, Span, Span)] {
        &self.repeated
    }

    pub(crate) fn beyond(&self) -> &[Span] {
        &self.beyond
    }

    pub(crate) fn locate(&self, text: &str, pointer: &str) -> Option<Located> {
        let mut key = None;
        let mut node = &self.root;
        for step in pointer.split('/').skip(1) {
            let step = crate::unescape_key(step);
            (key, node) = match &self.real(node).kind {
                Kind::List(items) => (None, items.get(step.parse::<usize>().ok()?)?),
                Kind::Map(entries) => {
                    let entry = self.entry(entries, text, &step)?;
                    (Some(entry.key.get()), &entry.value)
                }
                _ => return None,
            };
        }
        Some(Located {
            key,
            value: node.span.get(),
        })
    }

    pub(crate) fn decides(&self, text: &str, pointer: &str) -> bool {
        let mut node = &self.root;
        let Span { start, end } = node.span.get();
        let plain = text.get(start..end).unwrap_or_default();
        // A document of nothing says nothing.
        if matches!(node.kind, Kind::Leaf) && matches!(scalar::plain(plain), Ok(Value::Null)) {
            return false;
        }
        for step in pointer.split('/').skip(1) {
            let Kind::Map(entries) = &self.real(node).kind else {
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
    fn real<'s>(&'s self, node: &'s Node) -> &'s Node {
        let Kind::Alias(id) = node.kind else {
            return node;
        };
        let named = self.anchors.get(&id).and_then(|path| {
            path.iter()
                .try_fold(&self.root, |node, at| match &node.kind {
                    Kind::List(items) => items.get(*at),
                    Kind::Map(entries) => entries.get(*at).map(|entry| &entry.value),
                    _ => None,
                })
        });
        named.unwrap_or(node)
    }

    /// The entry of a key: the map's own, or the first that `<<` adds.
    fn entry<'s>(&'s self, own: &'s [Entry], text: &str, key: &str) -> Option<&'s Entry> {
        let mut open: Vec<&Node> = Vec::new();
        let mut seen = HashSet::new();
        let mut entries = own;
        loop {
            let found = entries.iter().find(|e| !e.merge && e.name(text) == key);
            if found.is_some() {
                return found;
            }
            let merged = entries.iter().filter(|e| e.merge).rev();
            open.extend(merged.map(|e| &e.value));
            entries = loop {
                match &self.real(open.pop()?).kind {
                    Kind::List(maps) if seen.insert(maps.as_ptr().cast()) => {
                        open.extend(maps.iter().rev());
                    }
                    Kind::Map(entries) if seen.insert(entries.as_ptr().cast::<()>()) => {
                        break entries;
                    }
                    _ => {}
                }
            };
        }
    }
}

impl Spans {
    /// Every text or number that touches a window, with its JSON pointer.
    pub(crate) fn leaves(&self, text: &str, window: Span) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        self.root
            .leaves(text, window, &mut String::new(), &mut found);
        found
    }
}

impl Node {
    fn leaves(
        &self,
        text: &str,
        window: Span,
        pointer: &mut String,
        found: &mut Vec<(String, Span)>,
    ) {
        let length = pointer.len();
        match &self.kind {
            Kind::Leaf => found.push((pointer.clone(), self.span.get())),
            Kind::Alias(_) => {}
            // Items stand in the order of the text.
            Kind::List(items) => {
                let from = items.partition_point(|n| n.span.get().end < window.start);
                let until = items.partition_point(|n| n.span.get().start <= window.end);
                for (n, item) in items.iter().enumerate().take(until).skip(from) {
                    pointer.push_str(&format!("/{n}"));
                    item.leaves(text, window, pointer, found);
                    pointer.truncate(length);
                }
            }
            Kind::Map(entries) => {
                let from = entries.partition_point(|e| e.value.span.get().end < window.start);
                let until = entries.partition_point(|e| e.key.get().start <= window.end);
                for entry in entries.iter().take(until).skip(from) {
                    // What `<<` adds stands in the map itself.
                    if !entry.merge {
                        pointer.push('/');
                        pointer.push_str(&crate::escape_key(entry.name(text)));
                    }
                    entry.value.leaves(text, window, pointer, found);
                    pointer.truncate(length);
                }
            }
        }
    }
}

struct Walk<'s> {
    events: Events<'s>,
    text: &'s str,
    cursor: Cursor<'s>,
    anchors: HashMap<usize, Box<[usize]>>,
    /// The texts of anchors: an alias of one may be a key.
    texts: HashMap<usize, Box<str>>,
    /// The index taken at each level.
    path: Vec<usize>,
    repeated: Vec<(String, Span, Span)>,
    beyond: Vec<Span>,
    nodes: usize,
}

impl<'s> Walk<'s> {
    fn node(&mut self, event: Event<'s>, at: saphyr_parser::Span, depth: usize) -> Option<Node> {
        self.nodes += 1;
        if depth > 2 * super::MAX_DEPTH || self.nodes > MOST_NODES {
            return None;
        }
        let mut span = self.cursor.span(at);
        self.keep(&event);
        let anchor = match &event {
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => *anchor,
            _ => 0,
        };
        if anchor > 0 {
            self.anchors.insert(anchor, self.path.as_slice().into());
        }
        let kind = match event {
            Event::Alias(id) if self.anchors.contains_key(&id) => Kind::Alias(id),
            Event::SequenceStart(..) => {
                let mut items: Vec<Node> = Vec::new();
                loop {
                    let (event, at) = self.events.next().ok()?;
                    if event == Event::SequenceEnd {
                        let last = items.last().map(|n| n.span.get().end);
                        span.end = self.close(at, span, last);
                        break Kind::List(items.into());
                    }
                    self.path.push(items.len());
                    items.push(self.node(event, at, depth + 1)?);
                    self.path.pop();
                }
            }
            Event::MappingStart(..) => {
                let mut entries: Vec<Entry> = Vec::new();
                loop {
                    let (event, at) = self.events.next().ok()?;
                    if event == Event::MappingEnd {
                        let last = entries.last().map(|e| e.value.span.get().end);
                        span.end = self.close(at, span, last);
                        break;
                    }
                    self.path.push(entries.len());
                    entries.push(self.entry(event, at, depth)?);
                    self.path.pop();
                }
                find_repeated(self.text, &entries, &mut self.repeated);
                Kind::Map(entries.into())
            }
            Event::Scalar(text, ScalarStyle::Plain, ..)
                if matches!(scalar::plain(&text), Err(scalar::Refused::Beyond)) =>
            {
                self.beyond.push(span);
                Kind::Leaf
            }
            _ => Kind::Leaf,
        };
        Some(Node {
            span: span.into(),
            kind,
        })
    }

    fn keep(&mut self, event: &Event<'s>) {
        if let Event::Scalar(text, _, anchor @ 1.., _) = event {
            self.texts.insert(*anchor, text.as_ref().into());
        }
    }

    fn entry(&mut self, event: Event<'s>, at: saphyr_parser::Span, depth: usize) -> Option<Entry> {
        let key = self.cursor.span(at);
        self.keep(&event);
        let merge = match &event {
            Event::Scalar(text, style, _, tag) => merges(text, *style, tag.as_deref()),
            _ => false,
        };
        let name = match event {
            Event::Scalar(name, ..) if self.text.get(key.start..key.end) == Some(&name) => None,
            Event::Scalar(name, ..) => Some(name.into()),
            Event::Alias(id) if self.texts.contains_key(&id) => self.texts.get(&id).cloned(),
            other => {
                // It has no place of its own.
                self.path.push(usize::MAX);
                self.node(other, at, depth + 1)?;
                self.path.pop();
                Some("".into())
            }
        };
        let (event, at) = self.events.next().ok()?;
        let value = self.node(event, at, depth + 1)?;
        Some(Entry {
            name,
            key: key.into(),
            merge,
            value,
        })
    }

    /// Where a list or map ends: at its bracket, or with its last item if it has none.
    fn close(&self, at: saphyr_parser::Span, open: Span, last: Option<usize>) -> usize {
        let end = self.cursor.span(at);
        let bracket = self.text[end.start..end.end].ends_with([']', '}']);
        if bracket {
            end.end
        } else {
            last.unwrap_or(open.end).max(open.start)
        }
    }
}

/// Notes each key that stands in a map already.
pub(super) fn find_repeated(
    text: &str,
    entries: &[Entry],
    repeated: &mut Vec<(String, Span, Span)>,
) {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    let name = |n: usize| entries[n].name(text);
    order.sort_by(|a, b| name(*a).cmp(name(*b)).then(a.cmp(b)));
    let mut first = 0;
    for at in 1..order.len() {
        if name(order[at]) != name(order[first]) {
            first = at;
            continue;
        }
        let (known, again) = (entries[order[first]].key, entries[order[at]].key);
        repeated.push((name(order[at]).to_owned(), again.get(), known.get()));
    }
}
