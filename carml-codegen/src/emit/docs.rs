//! Doc comments without what rustc, rustdoc, its tests and clippy refuse.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::ir::types::Docs;

/// Longer docs hide the type that they are for.
const MAX_LINES: usize = 4;

/// Doc comments, one per line.
pub(super) fn tokens(docs: &Docs) -> TokenStream {
    let mut text = docs.text.clone().unwrap_or_default();
    let examples: Vec<String> = docs.examples.iter().filter_map(code).take(3).collect();
    if !examples.is_empty() {
        say(&mut text, &format!("For example {}.", examples.join(", ")));
    }
    let documented = text.to_lowercase().contains("default");
    let default = docs
        .default
        .as_ref()
        .filter(|value| !documented && !is_empty(value));
    if let Some(default) = default.and_then(code) {
        say(&mut text, &format!("Defaults to {default}."));
    }
    let mut lines = lines(text.trim());
    shorten(&mut lines);
    let lines = lines.iter().map(|line| match line.as_str() {
        "" => String::new(),
        line => format!(" {line}"),
    });
    quote!(#(#[doc = #lines])*)
}

/// A value that is short enough for a sentence.
fn code(value: &Value) -> Option<String> {
    let text = value.to_string();
    (text.len() <= 60 && !text.contains('`')).then(|| format!("`{text}`"))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// One more sentence.
fn say(text: &mut String, sentence: &str) {
    text.truncate(text.trim_end().len());
    if text.ends_with("```") {
        text.push_str("\n\n");
    } else if !text.is_empty() {
        let stop = if text.ends_with(['.', ':', '!', '?']) {
            ""
        } else {
            "."
        };
        text.push_str(stop);
        text.push(' ');
    }
    text.push_str(sentence);
}

/// Characters that change the direction of text, which rustc refuses in comments.
fn is_bidirectional_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn lines(text: &str) -> Vec<String> {
    let text = text.replace(is_bidirectional_control, "");
    let mut lines: Vec<String> = Vec::new();
    let mut fenced = false;
    // How far a line below a list's item is indented.
    let mut indent = 0;
    for line in text.split([
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ]) {
        let line = line.replace('\t', " ");
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            fenced = !fenced;
            indent = 0;
            // Without this language, rustdoc would run the block as Rust.
            lines.push(if fenced { "```text" } else { "```" }.to_owned());
        } else if fenced {
            lines.push(line.trim_end().to_owned());
        } else if trimmed.is_empty() {
            indent = 0;
            if lines.last().is_some_and(|last| !last.is_empty()) {
                lines.push(String::new());
            }
        } else if let Some(marker) = marker(trimmed) {
            indent = marker;
            lines.push(escape(trimmed));
        } else {
            lines.push(format!("{}{}", " ".repeat(indent), escape(trimmed)));
        }
    }
    if fenced {
        lines.push("```".to_owned());
    }
    lines
}

/// Keeps as many whole paragraphs as fit; the rest is in the schema.
fn shorten(lines: &mut Vec<String>) {
    if lines.len() <= MAX_LINES {
        return;
    }
    let fenced = |lines: &[String]| {
        let fences = lines.iter().filter(|line| line.starts_with("```"));
        !fences.count().is_multiple_of(2)
    };
    let mut end = MAX_LINES;
    while end > 1 && (!lines[end].is_empty() || fenced(&lines[..end])) {
        end -= 1;
    }
    if end > 1 {
        lines.truncate(end);
        return;
    }
    lines.truncate(MAX_LINES);
    if fenced(lines) {
        lines.push("```".to_owned());
    }
}

/// The width of a list item's marker.
fn marker(line: &str) -> Option<usize> {
    if line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ ") {
        return Some(2);
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &line[digits..];
    (digits > 0 && digits < 4 && (rest.starts_with(". ") || rest.starts_with(") ")))
        .then_some(digits + 2)
}

/// Outside of code, escapes brackets and makes links of addresses.
fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    let mut rest = line;
    let balanced = line.matches('`').count().is_multiple_of(2);
    let mut code = false;
    while let Some(c) = rest.chars().next() {
        if c == '`' && balanced {
            code = !code;
        }
        if !code && (rest.starts_with("http://") || rest.starts_with("https://")) {
            let end = rest
                .find(|c: char| c.is_whitespace() || "()<>[]{}\"'`|\\".contains(c))
                .unwrap_or(rest.len());
            let address = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
            escaped.push_str(&format!("<{address}>"));
            rest = &rest[address.len()..];
            continue;
        }
        let markup = matches!(c, '<' | '>' | '[' | ']') || c == '`' && !balanced;
        if !code && markup {
            escaped.push('\\');
        }
        escaped.push(c);
        rest = &rest[c.len_utf8()..];
    }
    escaped
}
