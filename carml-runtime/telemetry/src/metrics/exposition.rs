//! The text format of Prometheus, version 0.0.4.

use std::fmt::{self, Write as _};

use super::Reading;

/// Families of metrics as text.
#[derive(Debug, Default)]
pub struct Exposition(String);

/// How values of a family are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Only grows. Its name ends with `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts of values by their size.
    Histogram,
}

/// One family, to which values are written.
#[derive(Debug)]
pub struct Family<'a> {
    out: &'a mut String,
    name: &'a str,
}

impl Exposition {
    /// Begins a family. Its name has letters, digits and `_` alone.
    pub fn family<'a>(&'a mut self, name: &'a str, kind: Kind, help: &str) -> Family<'a> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let out = &mut self.0;
        // Writing to a string does not fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family { out, name }
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// A value with these labels.
    pub fn value(&mut self, labels: &[(&str, &str)], value: f64) {
        self.sample("", labels, None, value);
    }

    /// The values of a histogram.
    pub fn histogram(&mut self, labels: &[(&str, &str)], reading: &Reading) {
        let mut up_to = 0;
        for (bound, count) in reading.buckets() {
            up_to += count;
            self.sample("_bucket", labels, Some(bound), up_to as f64);
        }
        self.sample("_sum", labels, None, reading.sum());
        self.sample("_count", labels, None, up_to as f64);
    }

    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], le: Option<f64>, value: f64) {
        let out = &mut *self.out;
        let _ = write!(out, "{}{suffix}", self.name);
        let mut separator = '{';
        for (name, text) in labels {
            let _ = write!(out, "{separator}{name}=\"{}\"", Escaped(text));
            separator = ',';
        }
        if let Some(bound) = le {
            let _ = write!(out, "{separator}le=\"{}\"", Number(bound));
            separator = ',';
        }
        if separator == ',' {
            out.push('}');
        }
        let _ = writeln!(out, " {}", Number(value));
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            value if value.is_nan() => f.write_str("NaN"),
            value => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_numbers_are_those_of_prometheus() {
        let mut out = Exposition::default();
        let mut family = out.family("x", Kind::Gauge, "Help.");
        family.value(&[("a", "q\"b\\s\nn"), ("b", "")], f64::INFINITY);
        family.value(&[], 0.25);
        assert_eq!(
            out.into_text(),
            "# HELP x Help.\n# TYPE x gauge\nx{a=\"q\\\"b\\\\s\\nn\",b=\"\"} +Inf\nx 0.25\n"
        );
    }
}
