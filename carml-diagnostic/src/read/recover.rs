//! A YAML text with errors is read as far as possible, so that all its errors appear in one run.

use super::events::Cursor;
use super::reading::Reading;
use super::yaml::{self, Done, Halt};
use super::{characters, parse_error, repair, rewrite};
use crate::{Code, RawReport, Severity, Source};
use saphyr_parser::ScanError;
use std::borrow::Cow;

/// How often a text is changed and read again.
const MAX_CHANGES: usize = 6;

/// How often a shorter part of a text is tried.
const MAX_CUTS: usize = 4;

/// What was read, and whether a mapping has a key twice.
pub(super) fn read(source: &Source) -> (Reading, bool) {
    let (reading, duplicates, readable) = attempt(source);
    source.set_readable(readable);
    (reading, duplicates)
}

/// The same, with the text that was read if it is not the source's.
fn attempt(source: &Source) -> (Reading, bool, Option<String>) {
    let mut report = RawReport::new();
    let refused = characters::refused(source.text());
    for (at, c) in &refused {
        report.push(characters::fault(source, *at, *c));
    }
    for fault in characters::directives(source) {
        report.push(fault);
    }
    if report
        .diagnostics()
        .iter()
        .any(|f| f.code() == Code::Directive && f.severity == Severity::Error)
    {
        return (Reading::failed(report), false, None);
    }
    let mut text = characters::replaced(source.text(), &refused);
    let mut done = yaml::read(source, &text);
    // Whether further errors of the parser may come from the change alone.
    let mut guessed = false;
    for _ in 0..MAX_CHANGES {
        let Some(Halt::Scan(error)) = &done.halt else {
            break;
        };
        text = if let Some(changed) = rewrite::after(&text, error) {
            Cow::Owned(changed)
        } else if let Some(repair) = repair::after(source, &text, error) {
            repair
                .faults
                .into_iter()
                .for_each(|fault| report.push(fault));
            guessed |= repair.guessed;
            Cow::Owned(repair.text)
        } else {
            break;
        };
        done = yaml::read(source, &text);
    }
    let error = match done.halt.take() {
        Some(Halt::Scan(error)) => error,
        halt => {
            let readable = match text {
                Cow::Owned(text) => Some(text),
                Cow::Borrowed(_) => None,
            };
            return finish(done, halt, report, readable);
        }
    };
    let mut end = byte(&text, &error);
    if !guessed {
        let fault = parse_error::explain(source, &text, &error);
        end = fault.place.as_ref().map_or(0, |place| place.span.start);
        report.push(fault);
    }
    // What is above the place where the text stops making sense is read and checked.
    for _ in 0..MAX_CUTS {
        let part = &text[..line_start(&text, end)];
        if part.trim().is_empty() {
            break;
        }
        let mut done = yaml::read(source, part);
        match done.halt.take() {
            Some(Halt::Scan(error)) => end = byte(part, &error).min(part.trim_end().len()),
            halt => {
                done.reading.partial = true;
                let readable = Some(part.to_owned());
                return finish(done, halt, report, readable);
            }
        }
    }
    (Reading::failed(report), false, None)
}

fn finish(
    done: Done,
    halt: Option<Halt>,
    mut report: RawReport,
    readable: Option<String>,
) -> (Reading, bool, Option<String>) {
    let mut reading = done.reading;
    if let Some(Halt::Refused(fault)) = halt {
        report.push(*fault);
        reading.partial = true;
    }
    report.extend(reading.report);
    reading.report = report;
    (reading, done.duplicates, readable)
}

/// Where the parser stopped.
fn byte(text: &str, error: &ScanError) -> usize {
    Cursor::new(text).byte(error.marker().line(), error.marker().col())
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |n| n + 1)
}
