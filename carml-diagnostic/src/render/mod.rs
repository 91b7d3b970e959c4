//! A report as text.

use crate::{Diagnostic, Place, Position, Report, Severity, Span};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_json::{Value, json};

pub(crate) fn human(report: &Report, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for fault in report.faults() {
        out.push_str(&one(&renderer, fault));
        out.push_str("\n\n");
    }
    if report.omitted() > 0 {
        out.push_str(&format!(
            "and {} more: mend these first\n\n",
            report.omitted()
        ));
    }
    out
}

fn one(renderer: &Renderer, fault: &Diagnostic) -> String {
    let level = match fault.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(fault.message.as_str())
        .id(fault.code.as_str());
    let mut group = annotate_snippets::Group::with_title(title);
    let mut shown = 0;
    if let Some(place) = &fault.place {
        let window = window(place.source.text(), place.span);
        let line = place.source.position(window.start).line;
        let end = place.span.end.min(window.end).max(place.span.start);
        let mark = Span {
            start: place.span.start,
            end,
        };
        let (excerpt, mark) = place.source.excerpt(window, mark);
        shown = excerpt[..mark.start]
            .chars()
            .rev()
            .take_while(|c| *c != '\n')
            .count()
            + 1;
        let mut mark = AnnotationKind::Primary.span(mark.start..mark.end);
        if let Some(label) = &fault.label {
            mark = mark.label(label.as_str());
        }
        group = group.element(
            Snippet::source(excerpt)
                .path(place.source.name())
                .line_start(line)
                .fold(false)
                .annotation(mark),
        );
    }
    for note in &fault.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &fault.helps {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let text = renderer.render(&[group]);
    // The excerpt may be cut and masked: the column is that of the text.
    match &fault.place {
        Some(Place { source, span }) => {
            let Position { line, column } = source.position(span.start);
            let name = source.name();
            let wrong = format!("{name}:{line}:{shown}");
            text.replacen(&wrong, &format!("{name}:{line}:{column}"), 1)
        }
        None => text,
    }
}

/// More bytes of a line than this say nothing more.
const WIDEST: usize = 400;

/// The line before the place and the line of its start, the long parts of both left out.
pub(crate) fn window(text: &str, span: Span) -> Span {
    let line = text[..span.start].rfind('\n').map_or(0, |n| n + 1);
    let before = match line {
        0 => 0,
        line => text[..line - 1].rfind('\n').map_or(0, |n| n + 1),
    };
    let rest = &text[span.start..];
    let cut = (span.start..)
        .take(rest.len())
        .find(|at| *at >= span.start + WIDEST && text.is_char_boundary(*at));
    let end = rest.find('\n').map_or(text.len(), |n| span.start + n);
    let mut start = before;
    if span.start - line > WIDEST {
        start = span.start - WIDEST;
    } else if line - before > WIDEST {
        start = line;
    }
    while !text.is_char_boundary(start) {
        start += 1;
    }
    Span {
        start,
        end: end.min(cut.unwrap_or(text.len())),
    }
}

pub(crate) fn json(report: &Report) -> Value {
    report
        .faults()
        .iter()
        .map(|fault| {
            let place = fault.place.as_ref().map(|p| {
                let (from, to) = ends(p);
                (p.source.name(), from, to)
            });
            json!({
                "severity": severity(fault),
                "code": fault.code.as_str(),
                "message": fault.message,
                "file": place.as_ref().map(|p| p.0),
                "line": place.as_ref().map(|p| p.1.line),
                "column": place.as_ref().map(|p| p.1.column),
                "end_line": place.as_ref().map(|p| p.2.line),
                "end_column": place.as_ref().map(|p| p.2.column),
                "pointer": fault.pointer,
                "label": fault.label,
                "notes": fault.notes,
                "helps": fault.helps,
            })
        })
        .collect()
}

pub(crate) fn github(report: &Report) -> String {
    let mut out = String::new();
    for fault in report.faults() {
        let mut head = format!("title={}", property(fault.code.as_str()));
        if let Some(place) = &fault.place {
            let (from, to) = ends(place);
            let file = property(place.source.name());
            head = format!(
                "file={file},line={},col={},endLine={},endColumn={},{head}",
                from.line, from.column, to.line, to.column
            );
        }
        let mut text = fault.message.clone();
        for line in fault.label.iter().chain(&fault.notes).chain(&fault.helps) {
            text.push('\n');
            text.push_str(line);
        }
        out.push_str(&format!("::{} {head}::{}\n", severity(fault), data(&text)));
    }
    out
}

/// Where a place begins and ends; the end would tell the length of what is hidden.
fn ends(place: &Place) -> (Position, Position) {
    let from = place.source.position(place.span.start);
    if place.source.hides(place.span) {
        return (from, from);
    }
    (from, place.source.position(place.span.end))
}

fn severity(fault: &Diagnostic) -> &'static str {
    match fault.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
