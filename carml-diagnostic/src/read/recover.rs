//! A text that does not parse as a whole is read as far as it does, so that all its faults appear in one run.

use super::yaml::{self, Halt};
use super::{Reading, complaint};
use crate::{Code, Diagnostic, Source, Span};
use std::borrow::Cow;

/// How often a shorter part of a text is tried.
const TRIES: usize = 4;

/// How many bytes are read again for tabs that stand between a key and its value.
const TAB_BYTES: usize = 32 << 20;

/// What was read, and whether a map holds a key twice.
pub(super) fn read(source: &Source) -> (Reading, bool) {
    let mut done = yaml::read(source, source.text());
    let whole = with_spaces(source, &mut done);
    let error = match done.halt.take() {
        Some(Halt::Scan(error)) => error,
        halt => {
            if let Some(Halt::Refused(fault)) = halt {
                done.reading.report.push(*fault);
                done.reading.partial = true;
            }
            if let Cow::Owned(spaced) = whole {
                source.mend(spaced);
            }
            return finish(done);
        }
    };
    let fault = complaint::explain(source, &error);
    let (first, mut text) = if fault.code == Code::Tab {
        without_tabs(source, &whole, fault)
    } else {
        let at = fault.place.as_ref().map_or(0, |p| p.span.start);
        (fault, whole[..line(&whole, at)].to_owned())
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
                part.reading.partial |= text.len() < whole.len();
                let halted = finish(part);
                source.mend(text);
                return halted;
            }
            Some(Halt::Refused(fault)) => {
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

/// YAML lets a tab stand between a key's `:` and its value, which the parser refuses: such tabs become spaces.
fn with_spaces<'s>(source: &'s Source, done: &mut yaml::Done) -> Cow<'s, str> {
    let mut text = Cow::Borrowed(source.text());
    let mut tries = TAB_BYTES / text.len().max(1);
    while let Some(Halt::Scan(error)) = &done.halt
        && error.info().starts_with("':' must be followed")
        && tries > 0
    {
        let cursor = super::events::Cursor::new(&text);
        let value = cursor.byte(error.marker().line(), error.marker().col());
        let gap = text[..value].trim_end_matches([' ', '\t']).len();
        let spaces = " ".repeat(value - gap);
        text = Cow::Owned([&text[..gap], &spaces, &text[value..]].concat());
        *done = yaml::read(source, &text);
        tries -= 1;
    }
    text
}

fn finish(done: yaml::Done) -> (Reading, bool) {
    (done.reading, done.repeated)
}

/// Where the line of a byte starts.
fn line(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |n| n + 1)
}

/// The text with a space for each tab that indents, and the fault that names all their lines.
fn without_tabs(source: &Source, whole: &str, mut fault: Diagnostic) -> (Diagnostic, String) {
    let mut text = String::with_capacity(whole.len());
    let mut lines = Vec::new();
    let mut first = None;
    for (n, line) in whole.split_inclusive('\n').enumerate() {
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
