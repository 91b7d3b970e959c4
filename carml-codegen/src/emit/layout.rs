//! Formatted text, as far as prettyplease does not write it.

use proc_macro2::TokenStream;
use quote::quote;

/// Items as text, with an empty line before each, which prettyplease leaves out.
pub(super) fn formatted(items: TokenStream) -> Result<String, String> {
    let file = syn::parse2(items).map_err(|error| error.to_string())?;
    Ok(spaced(&with_long_lines(&prettyplease::unparse(&file))))
}

/// The longest line, before it is indented in a macro.
const MAX_WIDTH: usize = 96;

/// Calls and attributes on one line where they fit: prettyplease breaks lines earlier than rustfmt.
fn with_long_lines(code: &str) -> String {
    let mut done: Vec<String> = Vec::new();
    for line in code.lines() {
        done.push(line.to_owned());
        // The innermost call ends first.
        while let Some(joined) = joined_call(&done) {
            let (start, text) = joined;
            done.truncate(start);
            done.push(text);
        }
    }
    done.push(String::new());
    done.join("\n")
}

/// The call or attribute that ends with the last line, on one line: where it begins, and its text.
fn joined_call(lines: &[String]) -> Option<(usize, String)> {
    let end = lines.last()?;
    let closing = end.trim_start();
    if !closing.starts_with(')') {
        return None;
    }
    let indent = end.len() - closing.len();
    let depth = |line: &String| line.len() - line.trim_start().len();
    let mut start = lines.len() - 1;
    while start > 0 && depth(&lines[start - 1]) > indent {
        start -= 1;
    }
    start = start.checked_sub(1)?;
    let arguments = &lines[start + 1..lines.len() - 1];
    let flat = arguments.iter().all(|line| depth(line) == indent + 4);
    if depth(&lines[start]) != indent || !lines[start].ends_with('(') || !flat {
        return None;
    }
    let arguments: Vec<&str> = arguments.iter().map(|line| line.trim()).collect();
    let arguments = arguments.join(" ");
    let text = format!(
        "{}{}{closing}",
        lines[start],
        arguments.trim_end_matches(',')
    );
    (text.len() <= MAX_WIDTH).then_some((start, text))
}

/// The clause `check(v) { … }` of a type in `types!`.
pub(super) fn check(value: &TokenStream, body: &TokenStream) -> Result<String, String> {
    let text = formatted(quote!(fn check(#value: &Value) -> Result<(), String> { #body }))?;
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    Ok(format!("check({value}) {{\n{}", with_blocks(body)))
}

/// Calls of `ensure` that take several lines, with the predicate in a block.
fn with_blocks(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        if line != "    ensure(" {
            text.push_str(line);
            text.push('\n');
            continue;
        }
        let mut call = Vec::new();
        for line in lines.by_ref() {
            call.push(line);
            if line.starts_with("    )") {
                break;
            }
        }
        if let [what, keywords, predicate @ .., end] = call.as_slice() {
            let (what, keywords, end) = (what.trim(), keywords.trim(), end.trim());
            let predicate = predicate.join("\n");
            let predicate = predicate.trim_end_matches(',');
            text.push_str(&format!(
                "    ensure({what} {keywords} {{\n{predicate}\n    }}{end}\n"
            ));
        }
    }
    text
}

/// An enum of words that need no explanation, on one line if it fits.
pub(super) fn with_words_on_one_line(item: String) -> String {
    let is_word = |line: &&str| {
        let word = line.strip_suffix(',').unwrap_or_default();
        !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let Some((head, body)) = item.split_once("{\n") else {
        return item;
    };
    let words: Vec<&str> = body.lines().map(str::trim).take_while(is_word).collect();
    let words = format!("{{ {} }}\n", words.join(" ").trim_end_matches(','));
    let width = head.rsplit('\n').next().map_or(0, str::len) + words.len();
    match body.lines().count() == words.matches(',').count() + 2 && width <= MAX_WIDTH {
        true => format!("{head}{words}"),
        false => item,
    }
}

/// An invocation of a macro.
pub(super) fn block(name: &str, body: &str) -> String {
    let mut text = format!("{name} {{\n");
    for line in body.lines() {
        if !line.is_empty() {
            text.push_str("    ");
            text.push_str(line);
        }
        text.push('\n');
    }
    text.push_str("}\n");
    text
}

/// Parts with an empty line between.
pub(super) fn joined(parts: &[String]) -> String {
    let parts = parts.iter().map(|part| part.trim_matches('\n'));
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let mut text = parts.join("\n\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn spaced(code: &str) -> String {
    let mut text = String::with_capacity(code.len() + code.len() / 32);
    let mut in_head = false;
    let mut in_attribute = false;
    let mut last_import = "";
    for line in code.lines() {
        // An attribute may take several lines.
        let head = line.starts_with("///") || line.starts_with("#[") || in_attribute;
        in_attribute = (in_attribute || line.starts_with("#[")) && !line.ends_with(']');
        let item = ["pub ", "impl ", "fn "]
            .iter()
            .any(|start| line.starts_with(start));
        let import = line
            .strip_prefix("use ")
            .map_or("", |path| &path[..3.min(path.len())]);
        let group =
            import == "std" && last_import != "std" || import != "std" && last_import == "std";
        if (head || item || group && !import.is_empty()) && !in_head && !text.is_empty() {
            text.push('\n');
        }
        in_head = head;
        last_import = import;
        text.push_str(line);
        text.push('\n');
    }
    text
}
