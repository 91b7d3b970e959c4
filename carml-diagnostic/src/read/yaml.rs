//! YAML: a value straight from the parser's events, with every guard on the way.

use super::events::{Cursor, Events};
use super::scalar::{self, Refused};
use super::{KEY, MAX_DEPTH, MAX_WEIGHT, Reading, VALUE};
use crate::{Fault, Report, Source, Span};
use saphyr_parser::{Event, ScalarStyle, ScanError, Tag};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// How much aliases may add to a document, in bytes of memory, roughly.
const ALIAS_BUDGET: usize = 32 << 20;

/// What was read of a text.
pub(super) struct Done {
    pub(super) reading: Reading,
    /// Whether a map holds a key twice.
    pub(super) repeated: bool,
    /// Why reading ended before the text did.
    pub(super) halt: Option<Halt>,
}

/// What ends the reading of a text.
pub(super) enum Halt {
    /// The text is not YAML from here on.
    Scan(ScanError),
    /// The text asks for too much.
    Fault(Box<Fault>),
}

/// Reads `text`, each byte of which stands where it stands in `source`.
pub(super) fn read(source: &Source, text: &str) -> Done {
    let mut reader = Reader {
        source,
        events: Events::of(text),
        keeps: text.contains('*'),
        anchors: HashMap::new(),
        budget: ALIAS_BUDGET,
        room: MAX_WEIGHT,
        repeated: false,
        report: Report::new(),
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
        repeated: reader.repeated,
        halt,
    }
}

type Read<T> = Result<T, Halt>;

struct Reader<'s, 't> {
    source: &'s Source,
    events: Events<'t>,
    /// Whether the document may hold an alias at all; without one no anchored value is kept.
    keeps: bool,
    anchors: HashMap<usize, Value>,
    budget: usize,
    /// What the values may still take.
    room: usize,
    repeated: bool,
    /// What is wrong in places that the rest does not depend on.
    report: Report,
    partial: bool,
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
                    self.note(
                        "several-documents",
                        "a second document starts here",
                        at,
                        "keep one document in a file; give the others as files of their own",
                    );
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
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Halt::Fault(Box::new(self.fault("too-deep", &message, at))));
        }
        let text = match &event {
            Event::Scalar(text, ..) => text.len(),
            _ => 0,
        };
        self.take(VALUE + text, at)?;
        let (value, anchor) = match event {
            Event::Alias(id) => return self.alias(id, at),
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(text, style, tag.as_deref(), at), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.untagged(tag.as_deref(), "seq", at);
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
                self.untagged(tag.as_deref(), "map", at);
                (self.map(depth)?, anchor)
            }
            _ => (Value::Null, 0),
        };
        if anchor > 0 && self.keeps {
            self.spend(&value, at)?;
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn map(&mut self, depth: usize) -> Read<Value> {
        let mut map = Map::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Object(map)),
                (Event::Scalar(text, style, anchor, _), at) => {
                    if &*text == "<<" && style == ScalarStyle::Plain {
                        self.note(
                            "merge-key",
                            "`<<` merges in some readers and is a plain key in others",
                            at,
                            "write the keys out, or use an alias for the whole value",
                        );
                        self.skip_value(depth)?;
                        continue;
                    }
                    if anchor > 0 && self.keeps {
                        self.anchors
                            .insert(anchor, Value::String(text.clone().into_owned()));
                    }
                    self.take(KEY + text.len(), at)?;
                    text.into_owned()
                }
                (Event::Alias(id), at) => match self.alias(id, at)? {
                    Value::String(text) => text,
                    _ => {
                        self.note("key", "a key must be a text", at, "write the key out");
                        self.skip_value(depth)?;
                        continue;
                    }
                },
                (event, at) => {
                    self.note(
                        "key",
                        "a key must be a text, not a list or map",
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
            self.repeated |= map.insert(key, value).is_some();
        }
    }

    /// Reads a value that has no key.
    fn skip_value(&mut self, depth: usize) -> Read<()> {
        self.partial = true;
        let (event, at) = self.next()?;
        self.node(event, at, depth + 1).map(drop)
    }

    fn alias(&mut self, id: usize, at: saphyr_parser::Span) -> Read<Value> {
        let Some(value) = self.anchors.get(&id).cloned() else {
            self.note(
                "alias",
                "this alias stands inside its own anchor",
                at,
                "write the value out",
            );
            return Ok(Value::Null);
        };
        self.spend(&value, at)?;
        Ok(value)
    }

    /// Makes room for a part of the value.
    fn take(&mut self, weight: usize, at: saphyr_parser::Span) -> Read<()> {
        match self.room.checked_sub(weight) {
            Some(left) => self.room = left,
            None => {
                let fault = self.fault("too-large", "more values than can be held stand here", at);
                let help = "split the file, or move data out of it";
                return Err(Halt::Fault(Box::new(fault.help(help))));
            }
        }
        Ok(())
    }

    fn spend(&mut self, value: &Value, at: saphyr_parser::Span) -> Read<()> {
        match self.budget.checked_sub(weight(value)) {
            Some(left) => self.budget = left,
            None => {
                let fault = self.fault("alias-bomb", "aliases make this document too large", at);
                let help = "write the values out, or use fewer aliases of aliases";
                return Err(Halt::Fault(Box::new(fault.help(help))));
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
        if let Some(tag) = tag {
            let string = tag.is_yaml_core_schema() && tag.suffix == "str"
                || tag.handle.is_empty() && tag.suffix == "!";
            if !string {
                self.tag(tag, at);
            }
            return Value::String(text.into_owned());
        }
        if style != ScalarStyle::Plain {
            return Value::String(text.into_owned());
        }
        match scalar::plain(&text) {
            Ok(value) => return value,
            Err(Refused::NotFinite) => self.note(
                "not-finite",
                "this number is not finite",
                at,
                "give a finite number, or put it in quotes if a text is meant",
            ),
            Err(Refused::Beyond) => self.note(
                "integer-range",
                "this integer does not fit 64 bits",
                at,
                "put it in quotes if a text is meant",
            ),
        }
        Value::Null
    }

    fn untagged(&mut self, tag: Option<&Tag>, core: &str, at: saphyr_parser::Span) {
        if let Some(tag) = tag.filter(|t| !(t.is_yaml_core_schema() && t.suffix == core)) {
            self.tag(tag, at);
        }
    }

    fn tag(&mut self, tag: &Tag, at: saphyr_parser::Span) {
        self.note(
            "tag",
            &format!("the tag `{tag}` means nothing here"),
            at,
            "remove it; quotes make a text",
        );
    }

    /// Adds a fault; its place is looked up only if it is kept.
    fn note(&mut self, code: &'static str, message: &str, at: saphyr_parser::Span, help: &str) {
        let fault = if self.report.is_full() {
            Fault::error(code, message)
        } else {
            self.fault(code, message, at).help(help)
        };
        self.report.push(fault);
    }

    fn fault(&self, code: &'static str, message: &str, at: saphyr_parser::Span) -> Fault {
        let span: Span = Cursor::new(self.source.text()).span(at);
        Fault::error(code, message).at(self.source, span)
    }
}

fn weight(value: &Value) -> usize {
    64 + match value {
        Value::String(s) => s.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(k, v)| 64 + k.len() + weight(v)).sum(),
        _ => 0,
    }
}
