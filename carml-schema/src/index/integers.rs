//! Integers that are written as floats: `4.0` and `1e1`.

use std::fmt::Write as _;

use serde_json::{Number, Value};

use super::{Annotations, SchemaIndex, step};

impl SchemaIndex {
    /// Makes an integer of each float without a fraction where the schema has one: to JSON Schema
    /// they are the same, to Rust's types they are not. Gives the pointers of those that do not fit
    /// 64 bits.
    pub fn read_integers(&self, value: &mut Value) -> Vec<String> {
        let mut out_of_range = Vec::new();
        if has_whole_float(value) && !self.0.is_empty() {
            self.integers_at(0, value, &mut String::new(), &mut out_of_range);
        }
        out_of_range
    }

    fn integers_at(
        &self,
        at: usize,
        value: &mut Value,
        pointer: &mut String,
        out: &mut Vec<String>,
    ) {
        let entry = &self.0[at];
        let length = pointer.len();
        match value {
            Value::Number(number)
                if entry.own.has(Annotations::INTEGER) && is_whole_float(number) =>
            {
                match integer(number) {
                    Some(integer) => *number = integer,
                    None => out.push(pointer.clone()),
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter_mut().enumerate() {
                    if let Some(below) = entry.item(n) {
                        let _ = write!(pointer, "/{n}");
                        self.integers_at(below, inner, pointer, out);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Object(map) => {
                for (key, inner) in map {
                    if let Some(below) = entry.key(key) {
                        step(pointer, key);
                        self.integers_at(below, inner, pointer, out);
                        pointer.truncate(length);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Nearly every document is done after this.
fn has_whole_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => is_whole_float(number),
        Value::Array(list) => list.iter().any(has_whole_float),
        Value::Object(map) => map.values().any(has_whole_float),
        _ => false,
    }
}

fn is_whole_float(number: &Number) -> bool {
    number.is_f64() && number.as_f64().is_some_and(|f| f.fract() == 0.0)
}

/// The integer of the same value, if it fits 64 bits.
fn integer(number: &Number) -> Option<Number> {
    // Rust writes a float in full, without an exponent.
    let text = format!("{:.0}", number.as_f64()?);
    let signed = text.parse::<i64>().map(Number::from);
    signed
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
}
