//! A line as a syslog message.

use std::{fmt::Write as _, io::Write as _};

use carml_config::model::SyslogFacility;
use serde_json::{Map, Value};

use crate::line::Line;

/// The form of a message, and its largest size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// RFC 5424.
    Rfc5424 { max: usize },
    /// As `syslog(3)` writes to the local socket, where neither journald nor rsyslog's default
    /// parser reads RFC 5424.
    Local { max: usize },
}

/// Who sends, as the header of each message has it.
pub(super) struct Sender {
    facility: u8,
    host: String,
    app: String,
    process: u32,
}

impl Sender {
    pub(super) fn new(app: &str, facility: SyslogFacility) -> Self {
        Self {
            facility: code(facility),
            host: printable(&super::super::host_name(), 255),
            app: printable(app, 48),
            process: std::process::id(),
        }
    }

    /// Writes the message, cut at its largest size.
    pub(super) fn write(&self, out: &mut Vec<u8>, format: Format, line: &Line) {
        let priority = self.facility * 8 + severity(&line.level);
        let max = match format {
            Format::Rfc5424 { max } => {
                self.rfc5424(out, priority, line);
                max
            }
            Format::Local { max } => {
                let time = line
                    .timestamp
                    .parse::<jiff::Timestamp>()
                    .unwrap_or_default();
                let time = time
                    .to_zoned(jiff::tz::TimeZone::system())
                    .strftime("%b %e %H:%M:%S");
                // Writing to memory does not fail.
                let _ = write!(out, "<{priority}>{time} {}[{}]: ", self.app, self.process);
                max
            }
        };
        out.extend_from_slice(text(line).as_bytes());
        cut(out, max);
    }

    fn rfc5424(&self, out: &mut Vec<u8>, priority: u8, line: &Line) {
        let Self {
            host, app, process, ..
        } = self;
        let message_id = printable(&line.target, 32);
        let _ = write!(
            out,
            "<{priority}>1 {} {host} {app} {process} {message_id} ",
            line.timestamp
        );
        let ids = [
            ("trace_id", &line.trace_id),
            ("span_id", &line.span_id),
            ("trace_flags", &line.trace_flags),
        ];
        if ids.iter().all(|(_, id)| id.is_none()) {
            out.extend_from_slice(b"- ");
            return;
        }
        out.extend_from_slice(b"[opentelemetry");
        for (name, id) in ids {
            if let Some(id) = id {
                let _ = write!(out, " {name}=\"{}\"", escaped(id));
            }
        }
        out.extend_from_slice(b"] ");
    }
}

/// The message with the fields behind it.
fn text(line: &Line) -> String {
    let mut text = line.message.clone();
    fields(&mut text, &line.fields);
    // The span's fields that the event does not have.
    let of_span = line
        .span
        .iter()
        .filter(|(name, _)| *name != "name" && !line.fields.contains_key(name.as_str()));
    for (name, value) in of_span {
        field(&mut text, name, value);
    }
    text
}

fn fields(text: &mut String, fields: &Map<String, Value>) {
    for (name, value) in fields {
        field(text, name, value);
    }
}

fn field(text: &mut String, name: &str, value: &Value) {
    let plain = |value: &&String| !value.is_empty() && !value.contains([' ', '"', '=', '\n']);
    // Writing to memory does not fail.
    let _ = match value {
        Value::String(value) if plain(&value) => write!(text, " {name}={value}"),
        value => write!(text, " {name}={value}"),
    };
}

/// Printable ASCII, or `-` if nothing is left.
fn printable(text: &str, max: usize) -> String {
    let printable: String = text
        .chars()
        .filter(char::is_ascii_graphic)
        .take(max)
        .collect();
    if printable.is_empty() {
        "-".to_owned()
    } else {
        printable
    }
}

/// The value of a parameter of structured data.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for char in value.chars() {
        if matches!(char, '"' | '\\' | ']') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

/// Cuts at a character.
fn cut(out: &mut Vec<u8>, max: usize) {
    if out.len() > max {
        let mut end = max;
        while end > 0 && out[end] & 0b1100_0000 == 0b1000_0000 {
            end -= 1;
        }
        out.truncate(end);
    }
}

fn severity(level: &str) -> u8 {
    match level {
        "ERROR" => 3,
        "WARN" => 4,
        "INFO" => 6,
        _ => 7,
    }
}

fn code(facility: SyslogFacility) -> u8 {
    match facility {
        SyslogFacility::User => 1,
        SyslogFacility::Daemon => 3,
        SyslogFacility::Local0 => 16,
        SyslogFacility::Local1 => 17,
        SyslogFacility::Local2 => 18,
        SyslogFacility::Local3 => 19,
        SyslogFacility::Local4 => 20,
        SyslogFacility::Local5 => 21,
        SyslogFacility::Local6 => 22,
        SyslogFacility::Local7 => 23,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Sender {
        Sender {
            facility: 1,
            host: "host".to_owned(),
            app: "app".to_owned(),
            process: 7,
        }
    }

    fn line() -> Line {
        Line {
            timestamp: "2026-08-01T12:00:00.000001Z".to_owned(),
            level: "WARN".to_owned(),
            target: "a::very::long::target::of::some::module".to_owned(),
            message: "hé".to_owned(),
            ..Line::default()
        }
    }

    fn written(format: Format, line: &Line) -> String {
        let mut out = Vec::new();
        sender().write(&mut out, format, line);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_message_has_the_header_of_rfc_5424() {
        let format = Format::Rfc5424 { max: 2048 };
        assert_eq!(
            written(format, &line()),
            "<12>1 2026-08-01T12:00:00.000001Z host app 7 a::very::long::target::of::some: - hé"
        );
        let mut with = line();
        with.trace_id = Some("a\"b\\c]d".to_owned());
        with.fields.insert("n".to_owned(), 1.into());
        with.fields.insert("text".to_owned(), "two words".into());
        let written = written(format, &with);
        let expected = r#" [opentelemetry trace_id="a\"b\\c\]d"] hé n=1 text="two words""#;
        assert!(written.ends_with(expected), "{written}");
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let header = written(Format::Rfc5424 { max: 2048 }, &line()).len() - "hé".len();
        let written = written(Format::Rfc5424 { max: header + 2 }, &line());
        assert!(written.ends_with(" h"), "{written}");
    }

    #[test]
    fn the_local_socket_gets_the_form_of_syslog_3() {
        let written = written(Format::Local { max: 8192 }, &line());
        let (head, rest) = written.split_at("<12>Aug  1 12".len());
        assert!(
            head.starts_with("<12>Aug  1 ") || head.starts_with("<12>Jul 31 "),
            "{written}"
        );
        assert!(rest.ends_with(":00 app[7]: hé"), "{written}");
    }

    #[test]
    fn a_name_is_printable_ascii() {
        assert_eq!(printable("my app é", 48), "myapp");
        assert_eq!(printable("é", 48), "-");
        assert_eq!(printable(&"x".repeat(60), 48).len(), 48);
    }
}
