//! A text that does not parse as a whole is read as far as it does, so that all its faults appear in one run.

use super::yaml::{self, Halt};
use super::{Reading, complaint};
use crate::{Fault, Source, Span};

/// How often a shorter part of a text is tried.
const TRIES: usize = 4;

/// What was read, and whether a map holds a key twice.
pub(super) fn read(source: &Source) -> (Reading, bool) {
    let mut done = yaml::read(source, source.text());
    let error = match done.halt.take() {
        None => return finish(done),
        Some(Halt::Fault(fault)) => {
            done.reading.report.push(*fault);
            done.reading.partial = true;
            return finish(done);
        }
        Some(Halt::Scan(error)) => error,
    };
    let fault = complaint::explain(source, &error);
    let (first, mut text) = if fault.code == "tab" {
        let (fault, text) = without_tabs(source, fault);
        (fault, text)
    } else {
        let at = fault.place.as_ref().map_or(0, |p| p.span.start);
        (fault, source.text()[..line(source.text(), at)].to_owned())
    };
    // What stands above the place where the text stops making sense is read and checked.
    for _ in 0..TRIES {
        if text.trim().is_empty() {
            break;
        }
        let mut part = yaml::read(source, &text);
        match part.halt.take() {
            None => {
                part.reading.report.push(first);
                part.reading.partial |= text.len() < source.text().len();
                let halted = finish(part);
                source.mend(text);
                return halted;
            }
            Some(Halt::Fault(fault)) => {
                let mut reading = Reading::failed(first);
                reading.report.push(*fault);
                return (reading, false);
            }
            Some(Halt::Scan(error)) => {
                let cursor = super::events::Cursor::new(&text);
                let at = cursor.byte(error.marker().line(), error.marker().col());
                let end = line(&text, at.min(text.trim_end().len()));
                text.truncate(end);
            }
        }
    }
    (Reading::failed(first), false)
}

fn finish(done: yaml::Done) -> (Reading, bool) {
    (done.reading, done.repeated)
}

/// Where the line of a byte starts.
fn line(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |n| n + 1)
}

/// The text with a space for each tab that indents, and the fault that names all their lines.
fn without_tabs(source: &Source, mut fault: Fault) -> (Fault, String) {
    let mut text = String::with_capacity(source.text().len());
    let mut lines = Vec::new();
    let mut first = None;
    for (n, line) in source.text().split_inclusive('\n').enumerate() {
        let lead = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..lead].find('\t').filter(|_| !line.trim().is_empty()) {
            lines.push(n + 1);
            first.get_or_insert(text.len() + tab);
        }
        text.push_str(&line[..lead].replace('\t', " "));
        text.push_str(&line[lead..]);
    }
    if let Some(at) = first {
        let span = Span {
            start: at,
            end: at + 1,
        };
        fault = fault.at(source, span);
    }
    if lines.len() > 1 {
        let others: Vec<String> = lines[1..].iter().take(10).map(usize::to_string).collect();
        let more = if lines.len() > 11 { " and more" } else { "" };
        let do_lines = if lines.len() == 2 {
            "does line"
        } else {
            "do lines"
        };
        fault = fault.note(format!("so {do_lines} {}{more}", others.join(", ")));
    }
    (fault, text)
}
