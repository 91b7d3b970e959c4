//! YAML: a value straight from the parser's events, with every guard on the way.

use super::MAX_DEPTH;
use super::scalar::{self, Refused};
use super::spans::{Cursor, Events};
use crate::{Fault, Report, Source, Span};
use saphyr_parser::{Event, ScalarStyle, Tag};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// How much aliases may add to a document, in bytes of memory, roughly.
const ALIAS_BUDGET: usize = 32 << 20;

/// The value, and whether a map holds a key twice.
pub(crate) fn read(source: &Source) -> Result<(Value, bool), Report> {
    let mut reader = Reader {
        source,
        events: Events::of(source),
        keeps: source.text().contains('*'),
        anchors: HashMap::new(),
        budget: ALIAS_BUDGET,
        repeated: false,
    };
    reader
        .document()
        .map(|v| (v, reader.repeated))
        .map_err(|f| Report::from(*f))
}

type Read<T> = Result<T, Box<Fault>>;

struct Reader<'s> {
    source: &'s Source,
    events: Events<'s>,
    /// Whether the document may hold an alias at all; without one no anchored value is kept.
    keeps: bool,
    anchors: HashMap<usize, Value>,
    budget: usize,
    repeated: bool,
}

impl<'s> Reader<'s> {
    fn document(&mut self) -> Read<Value> {
        let mut value = Value::Null;
        let mut seen = false;
        loop {
            let (event, at) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(value),
                Event::DocumentStart(_) if seen => {
                    return Err(self
                        .fault("several-documents", "a second document starts here", at)
                        .help(
                            "keep one document in a file; give the others as files of their own",
                        ));
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

    fn next(&mut self) -> Read<(Event<'s>, saphyr_parser::Span)> {
        self.events
            .next()
            .map_err(|e| Box::new(super::spans::explain(self.source, &e)))
    }

    fn node(&mut self, event: Event<'s>, at: saphyr_parser::Span, depth: usize) -> Read<Value> {
        if depth > MAX_DEPTH {
            return Err(self.fault(
                "too-deep",
                &format!("nested deeper than {MAX_DEPTH} levels"),
                at,
            ));
        }
        let (value, anchor) = match event {
            Event::Alias(id) => return self.alias(id, at),
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(text, style, tag.as_deref(), at)?, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.untagged(tag.as_deref(), "seq", at)?;
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
                self.untagged(tag.as_deref(), "map", at)?;
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
                        return Err(self
                            .fault(
                                "merge-key",
                                "`<<` merges in some readers and is a plain key in others",
                                at,
                            )
                            .help("write the keys out, or use an alias for the whole value"));
                    }
                    if anchor > 0 && self.keeps {
                        self.anchors
                            .insert(anchor, Value::String(text.clone().into_owned()));
                    }
                    text.into_owned()
                }
                (Event::Alias(id), at) => match self.alias(id, at)? {
                    Value::String(text) => text,
                    _ => return Err(self.fault("key", "a key must be a text", at)),
                },
                (_, at) => {
                    return Err(self
                        .fault("key", "a key must be a text, not a list or map", at)
                        .help("if `{{ … }}` is a template's placeholder, put it in quotes"));
                }
            };
            let (event, at) = self.next()?;
            let value = self.node(event, at, depth + 1)?;
            self.repeated |= map.insert(key, value).is_some();
        }
    }

    fn alias(&mut self, id: usize, at: saphyr_parser::Span) -> Read<Value> {
        let Some(value) = self.anchors.get(&id).cloned() else {
            return Err(self.fault("alias", "this alias stands inside its own anchor", at));
        };
        self.spend(&value, at)?;
        Ok(value)
    }

    fn spend(&mut self, value: &Value, at: saphyr_parser::Span) -> Read<()> {
        match self.budget.checked_sub(weight(value)) {
            Some(left) => self.budget = left,
            None => {
                return Err(self
                    .fault("alias-bomb", "aliases make this document too large", at)
                    .help("write the values out, or use fewer aliases of aliases"));
            }
        }
        Ok(())
    }

    fn scalar(
        &self,
        text: Cow<'s, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: saphyr_parser::Span,
    ) -> Read<Value> {
        if let Some(tag) = tag {
            if (tag.is_yaml_core_schema() && tag.suffix == "str")
                || (tag.handle.is_empty() && tag.suffix == "!")
            {
                return Ok(Value::String(text.into_owned()));
            }
            return Err(self.tag(tag, at));
        }
        if style != ScalarStyle::Plain {
            return Ok(Value::String(text.into_owned()));
        }
        scalar::plain(&text).map_err(|refused| match refused {
            Refused::NotFinite => self
                .fault("not-finite", "this number is not finite", at)
                .help("give a finite number, or put it in quotes if a text is meant"),
            Refused::Beyond => self
                .fault("integer-range", "this integer does not fit 64 bits", at)
                .help("put it in quotes if a text is meant"),
        })
    }

    fn untagged(&self, tag: Option<&Tag>, core: &str, at: saphyr_parser::Span) -> Read<()> {
        match tag {
            Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == core) => {
                Err(self.tag(tag, at))
            }
            _ => Ok(()),
        }
    }

    fn tag(&self, tag: &Tag, at: saphyr_parser::Span) -> Box<Fault> {
        self.fault("tag", &format!("the tag `{tag}` means nothing here"), at)
            .help("remove it; quotes make a text")
    }

    fn fault(&self, code: &'static str, message: &str, at: saphyr_parser::Span) -> Box<Fault> {
        let span: Span = Cursor::new(self.source.text()).span(at);
        Box::new(Fault::error(code, message).at(self.source, span))
    }
}

trait Help {
    fn help(self, help: &str) -> Self;
}

impl Help for Box<Fault> {
    fn help(mut self, help: &str) -> Box<Fault> {
        self.helps.push(help.to_owned());
        self
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
