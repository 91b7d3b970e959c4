//! Where keys and values stand: a second pass over the text, made only when someone asks.

use super::events::{Cursor, Events};
use super::scalar;
use crate::{Format, Source, Span};
use saphyr_parser::{Event, ScalarStyle};

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
}

pub(super) struct Entry {
    /// The key's name, if its text is not the name.
    name: Option<Box<str>>,
    key: Short,
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
            repeated: Vec::new(),
            beyond: Vec::new(),
            nodes: 0,
        };
        loop {
            match walk.events.next().ok()? {
                (Event::DocumentStart(_), _) => break,
                (Event::StreamEnd, _) => return None,
                _ => {}
            }
        }
        let (event, at) = walk.events.next().ok()?;
        let root = walk.node(event, at, 0)?;
        Some(Spans {
            root,
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
            let step = step.replace("~1", "/").replace("~0", "~");
            (key, node) = match &node.kind {
                Kind::Leaf => return None,
                Kind::List(items) => (None, items.get(step.parse::<usize>().ok()?)?),
                Kind::Map(entries) => {
                    let entry = entries.iter().find(|e| e.name(text) == step)?;
                    (Some(entry.key.get()), &entry.value)
                }
            };
        }
        Some(Located {
            key,
            value: node.span.get(),
        })
    }

    pub(crate) fn decides(&self, text: &str, pointer: &str) -> bool {
        let mut node = &self.root;
        for step in pointer.split('/').skip(1) {
            let Kind::Map(entries) = &node.kind else {
                return true;
            };
            let step = step.replace("~1", "/").replace("~0", "~");
            match entries.iter().find(|e| e.name(text) == step) {
                Some(entry) => node = &entry.value,
                None => return false,
            }
        }
        true
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
                    pointer.push('/');
                    pointer.push_str(&entry.name(text).replace('~', "~0").replace('/', "~1"));
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
        let kind = match event {
            Event::SequenceStart(..) => {
                let mut items: Vec<Node> = Vec::new();
                loop {
                    let (event, at) = self.events.next().ok()?;
                    if event == Event::SequenceEnd {
                        let last = items.last().map(|n| n.span.get().end);
                        span.end = self.close(at, span, last);
                        break Kind::List(items.into());
                    }
                    items.push(self.node(event, at, depth + 1)?);
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
                    entries.push(self.entry(event, at, depth)?);
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

    fn entry(&mut self, event: Event<'s>, at: saphyr_parser::Span, depth: usize) -> Option<Entry> {
        let key = self.cursor.span(at);
        let name = match event {
            Event::Scalar(name, ..) if self.text.get(key.start..key.end) == Some(&name) => None,
            Event::Scalar(name, ..) => Some(name.into()),
            other => {
                self.node(other, at, depth + 1)?;
                Some("".into())
            }
        };
        let (event, at) = self.events.next().ok()?;
        let value = self.node(event, at, depth + 1)?;
        Some(Entry {
            name,
            key: key.into(),
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
