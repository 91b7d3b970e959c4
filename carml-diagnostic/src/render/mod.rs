//! A report as text.

mod visible;

use crate::report::Excerpt;
use crate::{Finding, Report, Severity};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_json::{Value, json};
use visible::{visible, visible_part};

pub(crate) fn human(report: &Report, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for finding in report.findings() {
        out.push_str(&one(&renderer, finding));
        out.push_str("\n\n");
    }
    if report.omitted() > 0 {
        out.push_str(&format!("... and {} more errors\n\n", report.omitted()));
    }
    out
}

fn one(renderer: &Renderer, finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(visible(&finding.message))
        .id(finding.code.as_str());
    let mut group = annotate_snippets::Group::with_title(title);
    let file = visible(finding.file.as_deref().unwrap_or_default());
    let file = file.as_ref();
    if let Some(Excerpt { text, line, mark }) = &finding.excerpt {
        let (text, mark) = visible_part(text, mark);
        let mut mark = AnnotationKind::Primary.span(mark);
        if let Some(label) = &finding.label {
            mark = mark.label(visible(label));
        }
        group = group.element(
            Snippet::source(text)
                .path(file)
                .line_start(*line)
                .fold(false)
                .annotation(mark),
        );
    }
    for note in &finding.notes {
        group = group.element(Level::NOTE.message(visible(note)));
    }
    for help in &finding.helps {
        group = group.element(Level::HELP.message(visible(help)));
    }
    let text = renderer.render(&[group]);
    // The excerpt may be cut and masked: the column is that of the text.
    match (&finding.excerpt, finding.start) {
        (Some(excerpt), Some(start)) => {
            let before = excerpt.text[..excerpt.mark.start].chars().rev();
            let shown = before.take_while(|c| *c != '\n').count() + 1;
            let wrong = format!("{file}:{}:{shown}", start.line);
            let right = format!("{file}:{}:{}", start.line, start.column);
            text.replacen(&wrong, &right, 1)
        }
        _ => text,
    }
}

pub(crate) fn json(report: &Report) -> Value {
    let findings = report.findings().iter();
    findings
        .map(|finding| {
            json!({
                "severity": severity(finding),
                "code": finding.code.as_str(),
                "message": finding.message,
                "file": finding.file,
                "line": finding.start.map(|p| p.line),
                "column": finding.start.map(|p| p.column),
                "end_line": finding.end.map(|p| p.line),
                "end_column": finding.end.map(|p| p.column),
                "pointer": finding.pointer,
                "label": finding.label,
                "notes": finding.notes,
                "helps": finding.helps,
            })
        })
        .collect()
}

pub(crate) fn github(report: &Report) -> String {
    let mut out = String::new();
    for finding in report.findings() {
        let mut head = format!("title={}", property(finding.code.as_str()));
        if let (Some(file), Some(start), Some(end)) = (&finding.file, finding.start, finding.end) {
            let file = property(file);
            head = format!(
                "file={file},line={},col={},endLine={},endColumn={},{head}",
                start.line, start.column, end.line, end.column
            );
        }
        let mut text = finding.message.clone();
        let lines = finding.label.iter().chain(&finding.notes);
        for line in lines.chain(&finding.helps) {
            text.push('\n');
            text.push_str(line);
        }
        let level = severity(finding);
        out.push_str(&format!("::{level} {head}::{}\n", data(&text)));
    }
    out
}

fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn data(text: &str) -> String {
    let text = text.replace('%', "%25");
    let text = text.replace('\r', "%0D").replace('\n', "%0A");
    visible(&text).into_owned()
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
