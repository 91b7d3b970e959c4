//! JSON: serde_json, with duplicate keys noticed and integers beyond 64 bits refused.

use super::events::Cursor;
use super::limits::{KEY, MAX_WEIGHT, VALUE};
use super::reading::Reading;
use super::tree::Tree;
use crate::{Diagnostic, Kind, RawReport, Source, Span, Syntax};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;

pub(super) fn read(source: &Source) -> (Reading, bool) {
    let seen = Seen::default();
    let text = source
        .text()
        .strip_prefix('\u{feff}')
        .unwrap_or(source.text());
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde::de::DeserializeSeed::deserialize(&seen, &mut reader)
        .and_then(|value| reader.end().map(|()| value));
    let value = match value {
        Ok(value) => value,
        Err(e) => return (Reading::failed(explain(source, &e)), false),
    };
    let mut report = RawReport::new();
    if seen.huge.get() {
        for span in source.tree().map(Tree::out_of_range).unwrap_or_default() {
            report.push(
                Diagnostic::new(Kind::IntegerRange)
                    .at(source, *span)
                    .help("put it in quotes if a string is meant"),
            );
        }
    }
    let reading = Reading {
        value: Some(value),
        report,
        partial: false,
    };
    (reading, seen.duplicates.get())
}

fn explain(source: &Source, error: &serde_json::Error) -> Diagnostic {
    let at = Cursor::of_json(source.text()).byte(error.line(), error.column().saturating_sub(1));
    let message = error.to_string();
    let problem = message.split(" at line ").next();
    let problem = problem.unwrap_or_default().to_owned();
    Diagnostic::new(Syntax::NotJson { problem }).at(source, Span { start: at, end: at })
}

#[derive(Default)]
struct Seen {
    weight: Cell<usize>,
    duplicates: Cell<bool>,
    huge: Cell<bool>,
}

impl Seen {
    /// Counts the memory of a part of the value.
    fn take<E: serde::de::Error>(&self, weight: usize, value: &Value) -> Result<(), E> {
        let weight = self.weight.get() + weight + value.as_str().map_or(0, str::len);
        self.weight.set(weight);
        if weight > MAX_WEIGHT {
            return Err(E::custom("document too large: too many values"));
        }
        Ok(())
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for &Seen {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Seen {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        self.huge.set(self.huge.get() || v.abs() >= 9.2e18);
        Ok(Number::from_f64(v).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            self.take(VALUE, &item)?;
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let value = access.next_value_seed(self)?;
            self.take(VALUE + KEY + key.len(), &value)?;
            if map.insert(key, value).is_some() {
                self.duplicates.set(true);
            }
        }
        Ok(Value::Object(map))
    }
}
