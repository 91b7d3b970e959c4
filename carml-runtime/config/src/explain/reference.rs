//! Every key of a schema as Markdown.

use super::facts::Facts;
use super::inline;
use crate::schema::Schema;
use carml_schema::applicable::{Applicable, child, closure, is_required, items, keys, other};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Sections nest no deeper than this in the reference.
const MAX_DEPTH: usize = 12;

impl Schema {
    /// The reference of all keys as Markdown: a table for each section, with type, default and
    /// meaning.
    pub fn markdown(&self) -> String {
        let mut page = Page {
            out: String::new(),
            depth: 0,
            written: HashMap::new(),
        };
        let top = self.top();
        let title = top
            .iter()
            .find_map(|part| part.node.title())
            .unwrap_or("Config");
        let _ = writeln!(page.out, "# {}", line(title));
        page.section(&top, "");
        page.out
    }
}

struct Page {
    out: String,
    depth: usize,
    /// Sections by the schema objects that name their keys: each is written once.
    written: HashMap<Vec<usize>, String>,
}

impl Page {
    fn section(&mut self, parts: &[Applicable<'_>], path: &str) {
        if self.depth > MAX_DEPTH {
            return;
        }
        let named = parts.iter().filter(|part| part.node.has_properties());
        let mut name: Vec<usize> = named.map(|part| part.node.key()).collect();
        name.sort_unstable();
        let first = self.written.get(&name).cloned();
        let depth = self.depth;
        self.depth += 1;
        let facts = Facts::of(parts);
        if !path.is_empty() {
            let level = "#".repeat((depth + 1).min(6));
            let _ = write!(self.out, "\n{level} `{path}`\n");
        }
        if let Some(about) = &facts.description {
            let _ = write!(self.out, "\n{about}\n");
        }
        if let Some(first) = first {
            let first = match first.as_str() {
                "" => "the document".to_owned(),
                path => format!("`{path}`"),
            };
            let _ = write!(self.out, "\nThe keys are those of {first}.\n");
            self.depth -= 1;
            return;
        }
        self.written.insert(name, path.to_owned());
        let below: Vec<(&str, Vec<Applicable<'_>>)> = keys(parts)
            .into_iter()
            .map(|key| (key, closure(child(parts, key))))
            .collect();
        if !below.is_empty() {
            self.out
                .push_str("\n| key | type | default | meaning |\n|---|---|---|---|\n");
            for (key, inner) in &below {
                self.row(key, inner, is_required(parts, key));
            }
        }
        for (key, parts) in &below {
            self.inside(parts, &join(path, key));
        }
        self.depth -= 1;
    }

    fn row(&mut self, key: &str, parts: &[Applicable<'_>], required: bool) {
        let facts = Facts::of(parts);
        let default = match &facts.default {
            Some(default) => format!("`{}`", inline::value(default)),
            None if required => "required".to_owned(),
            None => String::new(),
        };
        let mut about = facts.description.clone().unwrap_or_default();
        if facts.deprecated {
            about.insert_str(0, "Deprecated. ");
        }
        let list = |items: &[String]| {
            let quoted: Vec<String> = items.iter().map(|i| format!("`{i}`")).collect();
            quoted.join(", ")
        };
        if !facts.allowed.is_empty() {
            let names: Vec<String> = facts.allowed.iter().map(|a| a.0.clone()).collect();
            about.push_str(&format!(" One of {}.", list(&names)));
        }
        if !facts.constraints.is_empty() {
            about.push_str(&format!(" Must be {}.", facts.constraints.join("; ")));
        }
        if !facts.examples.is_empty() {
            about.push_str(&format!(" For example {}.", list(&facts.examples)));
        }
        let _ = writeln!(
            self.out,
            "| `{}` | {} | {} | {} |",
            cell(key),
            cell(&facts.kind),
            cell(&default),
            cell(about.trim())
        );
    }

    /// The sections inside a key: its own keys, those of its items, those of its values.
    fn inside(&mut self, parts: &[Applicable<'_>], path: &str) {
        if !keys(parts).is_empty() {
            return self.section(parts, path);
        }
        let items = closure(items(parts));
        if !items.is_empty() {
            return self.items(&items, &format!("{path}[]"));
        }
        let values = closure(other(parts));
        if !keys(&values).is_empty() {
            self.section(&values, &format!("{path}.*"));
        }
    }

    /// What a list may contain.
    fn items(&mut self, parts: &[Applicable<'_>], path: &str) {
        let facts = Facts::of(parts);
        if !facts.allowed.iter().any(|a| a.1.is_some()) {
            if !keys(parts).is_empty() {
                self.section(parts, path);
            }
            return;
        }
        let level = "#".repeat((self.depth + 1).min(6));
        let _ = write!(self.out, "\n{level} `{path}`\n");
        if let Some(about) = &facts.description {
            let _ = write!(self.out, "\n{about}\n");
        }
        self.out.push_str("\n| item | meaning |\n|---|---|\n");
        for (name, about) in &facts.allowed {
            let about = about.as_deref().unwrap_or_default();
            let _ = writeln!(self.out, "| `{}` | {} |", cell(name), cell(about));
        }
        self.depth += 1;
        for key in keys(parts) {
            // Of the alternative that has this key, everything applies.
            let chosen = child(parts, key);
            let chosen = chosen.into_iter().map(|part| Applicable::always(part.node));
            self.inside(&closure(chosen), &join(path, key));
        }
        self.depth -= 1;
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    line(text).replace('|', "\\|")
}
