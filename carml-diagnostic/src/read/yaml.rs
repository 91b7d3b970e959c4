//! YAML: a value straight from the parser's events, with every guard on the way.

use super::events::{Cursor, Events, ends_with_line};
use super::limits::{KEY, MAX_DEPTH, MAX_WEIGHT, VALUE};
use super::reading::Reading;
use super::rewrite;
use super::scalar::{self, Refused};
use super::tag::{self, Tagged};
use crate::{Diagnostic, Kind, RawReport, Source, Span, Syntax, TooLarge};
use saphyr_parser::{Event, ScalarStyle, ScanError, Tag};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// How much aliases may add to a document, in bytes of memory, roughly.
const ALIAS_BUDGET: usize = 32 << 20;

/// What was read of a text.
pub(super) struct Done {
    pub(super) reading: Reading,
    /// Whether a mapping has a key twice.
    pub(super) duplicates: bool,
    /// Why reading ended before the text did.
    pub(super) halt: Option<Halt>,
}

/// What ends the reading of a text.
pub(super) enum Halt {
    /// The text is not YAML from here on.
    Scan(ScanError),
    /// The text is over a limit.
    Refused(Box<Diagnostic>),
}

/// Reads `text`: the source's, or one that is rewritten with every value at the same place.
pub(super) fn read(source: &Source, text: &str) -> Done {
    let mut reader = Reader {
        source,
        text,
        cursor: OnceCell::new(),
        events: Events::of(text),
        keeps: text.contains('*'),
        anchors: HashMap::new(),
        budget: ALIAS_BUDGET,
        room: MAX_WEIGHT,
        duplicates: false,
        tags: HashSet::new(),
        report: RawReport::new(),
        partial: false,
    };
    let (value, halt) = match reader.document() {
        Ok(value) => (Some(value), None),
        Err(halt) => (None, Some(halt)),
    };
    Done {
        reading: Reading {
            value,
            report: reader.report,
            partial: reader.partial,
        },
        duplicates: reader.duplicates,
        halt,
    }
}

type Read<T> = Result<T, Halt>;

struct Reader<'s, 't> {
    source: &'s Source,
    text: &'t str,
    cursor: OnceCell<Cursor<'t>>,
    events: Events<'t>,
    /// Whether the document may hold an alias at all; without one no anchored value is kept.
    keeps: bool,
    anchors: HashMap<usize, Anchored>,
    budget: usize,
    /// What the values may still take.
    room: usize,
    duplicates: bool,
    /// The unknown tags that were reported.
    tags: HashSet<String>,
    /// What is wrong in places that the rest does not depend on.
    report: RawReport,
    partial: bool,
}

/// A value that aliases may name.
struct Anchored {
    value: Value,
    size: Size,
}

impl<'t> Reader<'_, 't> {
    fn document(&mut self) -> Read<Value> {
        let mut value = Value::Null;
        let mut seen = false;
        loop {
            let (event, at) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(value),
                Event::DocumentStart(_) if seen => {
                    self.note(Syntax::SecondDocument, at, "keep one document per file");
                    return Ok(value);
                }
                Event::DocumentStart(_) => {
                    seen = true;
                    let (event, at) = self.next()?;
                    value = self.node(event, at, 0)?;
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Read<(Event<'t>, saphyr_parser::Span)> {
        self.events.next().map_err(Halt::Scan)
    }

    fn node(&mut self, event: Event<'t>, at: saphyr_parser::Span, depth: usize) -> Read<Value> {
        if depth > MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        let text = match &event {
            Event::Scalar(text, ..) => text.len(),
            _ => 0,
        };
        self.take(VALUE + text, at)?;
        let (value, anchor) = match event {
            Event::Alias(id) => return self.alias(id, at, depth),
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(text, style, tag.as_deref(), at), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection(tag.as_deref(), &tag::LISTS, at);
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, at) => items.push(self.node(event, at, depth + 1)?),
                    }
                }
                (Value::Array(items), anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.collection(tag.as_deref(), &tag::MAPS, at);
                (self.map(depth)?, anchor)
            }
            _ => (Value::Null, 0),
        };
        if anchor > 0 && self.keeps {
            let size = Size::of(&value);
            self.spend(size, at)?;
            let value = value.clone();
            self.anchors.insert(anchor, Anchored { value, size });
        }
        Ok(value)
    }

    fn map(&mut self, depth: usize) -> Read<Value> {
        let mut map = Map::new();
        let mut merged = None;
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => break,
                (Event::Scalar(text, style, _, tag), _)
                    if is_merge_key(&text, style, tag.as_deref()) =>
                {
                    let (event, at) = self.next()?;
                    let value = self.node(event, at, depth + 1)?;
                    self.duplicates |= merged.replace((value, at)).is_some();
                    continue;
                }
                (Event::Scalar(text, style, anchor, _), at) => {
                    let text = self.text_of(text, style, at);
                    if anchor > 0 && self.keeps {
                        let value = Value::String(text.clone().into_owned());
                        let size = Size::of(&value);
                        self.anchors.insert(anchor, Anchored { value, size });
                    }
                    self.take(KEY + text.len(), at)?;
                    text.into_owned()
                }
                (Event::Alias(id), at) => match self.alias(id, at, depth)? {
                    Value::String(text) => text,
                    _ => {
                        self.note(
                            Syntax::KeyNotString {
                                is_collection: false,
                            },
                            at,
                            "write the key out",
                        );
                        self.skip_value(depth)?;
                        continue;
                    }
                },
                (event, at) => {
                    self.note(
                        Syntax::KeyNotString {
                            is_collection: true,
                        },
                        at,
                        "if `{{ … }}` is a template's placeholder, put it in quotes",
                    );
                    self.node(event, at, depth + 1)?;
                    self.skip_value(depth)?;
                    continue;
                }
            };
            let (event, at) = self.next()?;
            let value = self.node(event, at, depth + 1)?;
            self.duplicates |= map.insert(key, value).is_some();
        }
        if let Some((value, at)) = merged {
            self.merge(&mut map, value, at);
        }
        Ok(Value::Object(map))
    }

    /// Adds what `<<` names: the mapping's own keys win, then the first of several mappings.
    fn merge(&mut self, map: &mut Map<String, Value>, merged: Value, at: saphyr_parser::Span) {
        let sources = match merged {
            Value::Array(items) => items,
            one => vec![one],
        };
        for source in sources {
            let Value::Object(source) = source else {
                let help = "name a mapping, as in `<<: *base`, or several, as in `<<: [*a, *b]`; \
                    `'<<'` in quotes is a key";
                self.partial = true;
                return self.note(Syntax::MergeKey, at, help);
            };
            for (key, value) in source {
                map.entry(key).or_insert(value);
            }
        }
    }

    /// Reads a value whose key cannot be used.
    fn skip_value(&mut self, depth: usize) -> Read<()> {
        self.partial = true;
        let (event, at) = self.next()?;
        self.node(event, at, depth + 1).map(drop)
    }

    fn alias(&mut self, id: usize, at: saphyr_parser::Span, depth: usize) -> Read<Value> {
        let Some(Anchored { value, size }) = self.anchors.get(&id) else {
            self.note(Syntax::RecursiveAlias, at, "write the value out");
            return Ok(Value::Null);
        };
        let (value, size) = (value.clone(), *size);
        if depth + size.depth > MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        self.spend(size, at)?;
        Ok(value)
    }

    fn too_deep(&self, at: saphyr_parser::Span) -> Halt {
        let problem = Syntax::TooDeep { limit: MAX_DEPTH };
        Halt::Refused(Box::new(self.fault(problem, at)))
    }

    /// Counts the memory of a part of the value.
    fn take(&mut self, weight: usize, at: saphyr_parser::Span) -> Read<()> {
        match self.room.checked_sub(weight) {
            Some(left) => self.room = left,
            None => {
                let fault = Diagnostic::new(Kind::TooLarge(TooLarge::Values))
                    .at(self.source, self.place(at));
                let help = "split the file, or move data out of it";
                return Err(Halt::Refused(Box::new(fault.help(help))));
            }
        }
        Ok(())
    }

    fn spend(&mut self, size: Size, at: saphyr_parser::Span) -> Read<()> {
        match self.budget.checked_sub(size.weight) {
            Some(left) => self.budget = left,
            None => {
                let fault = self.fault(Syntax::AliasBomb, at);
                let help = "write the values out, or use fewer aliases of aliases";
                return Err(Halt::Refused(Box::new(fault.help(help))));
            }
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: saphyr_parser::Span,
    ) -> Value {
        let text = self.text_of(text, style, at);
        if let Some(tag) = tag {
            return match tag::scalar(tag, &text) {
                Tagged::Value(value) => value,
                Tagged::Misfit(wanted) => {
                    let problem = Syntax::TagMismatch { expected: wanted };
                    self.note(problem, at, "remove the tag, or fix the value");
                    Value::Null
                }
                Tagged::Unknown => {
                    self.unknown_tag(tag, at);
                    Value::String(text.into_owned())
                }
            };
        }
        if style != ScalarStyle::Plain {
            return Value::String(text.into_owned());
        }
        match scalar::plain(&text) {
            Ok(value) => return value,
            Err(Refused::NotFinite) => self.note(
                Syntax::NotFinite,
                at,
                "give a finite number, or put it in quotes if a string is meant",
            ),
            Err(Refused::OutOfRange) => self.note(
                Kind::IntegerRange,
                at,
                "put it in quotes if a string is meant",
            ),
        }
        Value::Null
    }

    fn collection(&mut self, tag: Option<&Tag>, known: &[&str], at: saphyr_parser::Span) {
        let fits = |t: &&Tag| t.is_yaml_core_schema() && known.contains(&t.suffix.as_str());
        if let Some(tag) = tag.filter(|t| !fits(t)) {
            self.unknown_tag(tag, at);
        }
    }

    /// Other programs may know the tag: it is reported once, and its value read as if it had none.
    fn unknown_tag(&mut self, tag: &Tag, at: saphyr_parser::Span) {
        let name = tag::name(tag);
        if self.tags.contains(&name) || self.report.is_full() {
            return;
        }
        let help = "remove it: its value is read without it; quotes make a string";
        let fault = Diagnostic::warning(Syntax::UnknownTag).help(help);
        self.report.push(fault.at(self.source, self.place(at)));
        self.tags.insert(name);
    }

    /// Adds an error; its place is looked up only if it is kept.
    fn note(&mut self, problem: impl Into<Kind>, at: saphyr_parser::Span, help: &'static str) {
        let fault = if self.report.is_full() {
            Diagnostic::new(problem)
        } else {
            self.fault(problem, at).help(help)
        };
        self.report.push_with(|| fault);
    }

    fn fault(&self, problem: impl Into<Kind>, at: saphyr_parser::Span) -> Diagnostic {
        Diagnostic::new(problem).at(self.source, self.place(at))
    }

    fn place(&self, at: saphyr_parser::Span) -> Span {
        self.cursor.get_or_init(|| Cursor::new(self.text)).span(at)
    }

    fn text_of(
        &self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        at: saphyr_parser::Span,
    ) -> Cow<'t, str> {
        text_of(self.source, self.text, text, style, || self.place(at))
    }
}

/// What a scalar's text is in the source, if `read` is rewritten where the scalar is.
pub(super) fn text_of<'t>(
    source: &Source,
    read: &str,
    text: Cow<'t, str>,
    style: ScalarStyle,
    place: impl FnOnce() -> Span,
) -> Cow<'t, str> {
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        return without_added_break(read, text, place);
    }
    if style != ScalarStyle::DoubleQuoted || std::ptr::eq(read, source.text()) {
        return text;
    }
    let Span { start, end } = place();
    let original = source.text().get(start..end).unwrap_or_default();
    if read.get(start..end) == Some(original) {
        return text;
    }
    rewrite::with_pairs(original).map_or(text, Cow::Owned)
}

/// The text of a block scalar. One that ends with the text, and not with a line break, has none at
/// its end (YAML 1.2, 8.1.1.2), where the parser adds one.
fn without_added_break<'t>(
    read: &str,
    text: Cow<'t, str>,
    place: impl FnOnce() -> Span,
) -> Cow<'t, str> {
    if ends_with_line(read) || !text.ends_with('\n') || place().end < read.trim_end().len() {
        return text;
    }
    Cow::Owned(text[..text.len() - 1].to_owned())
}

/// Whether a key is the merge key: in quotes it is an ordinary key.
pub(super) fn is_merge_key(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> bool {
    match tag {
        Some(tag) => tag.is_yaml_core_schema() && tag.suffix == "merge",
        None => text == "<<" && style == ScalarStyle::Plain,
    }
}

/// The size of a value.
#[derive(Clone, Copy, Default)]
struct Size {
    /// In bytes, roughly.
    weight: usize,
    /// In levels of sequences and mappings; none for a scalar.
    depth: usize,
}

impl Size {
    fn of(value: &Value) -> Size {
        match value {
            Value::String(s) => Size {
                weight: 64 + s.len(),
                depth: 0,
            },
            Value::Array(items) => Size::around(items.iter().map(|item| (0, item))),
            Value::Object(map) => Size::around(map.iter().map(|(key, v)| (64 + key.len(), v))),
            _ => Size {
                weight: 64,
                depth: 0,
            },
        }
    }

    fn around<'v>(parts: impl Iterator<Item = (usize, &'v Value)>) -> Size {
        let mut whole = Size {
            weight: 64,
            depth: 0,
        };
        for (key, value) in parts {
            let part = Size::of(value);
            whole.weight += key + part.weight;
            whole.depth = whole.depth.max(part.depth);
        }
        whole.depth += 1;
        whole
    }
}
