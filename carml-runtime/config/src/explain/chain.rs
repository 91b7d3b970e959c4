//! The middleware chains as they will run.

use crate::Loaded;
use crate::chain::{Plan, Problems, Side, Step};
use std::fmt::Write as _;

/// How long the lines of a description are.
const WIDTH: usize = 100;

pub(super) fn write(loaded: &Loaded) -> Result<String, Problems> {
    let (server, client) = (loaded.chain(Side::Server)?, loaded.chain(Side::Client)?);
    let mut out = String::new();
    one(loaded, &mut out, &server, "server", "services");
    out.push('\n');
    one(loaded, &mut out, &client, "client", "network");
    out.push_str("\nWhat they do:\n");
    let mut described: Vec<&str> = Vec::new();
    let steps = || server.steps().iter().chain(client.steps());
    let indent = steps()
        .map(|step| step.name().len())
        .max()
        .unwrap_or_default()
        + 4;
    for step in steps() {
        if !described.contains(&step.name()) {
            described.push(step.name());
            let _ = write!(out, "  {:1$}", step.name(), indent - 2);
            wrapped(&mut out, step.description(), indent);
        }
    }
    Ok(out)
}

fn one(loaded: &Loaded, out: &mut String, plan: &Plan, title: &str, end: &str) {
    let origin = loaded.origin_text(plan.side().pointer());
    let _ = writeln!(out, "{title}, outermost first    # {origin}");
    for (n, step) in plan.steps().iter().enumerate() {
        let _ = write!(out, "  {}. {}", n + 1, step.name());
        if let Some(options) = step.options() {
            let _ = write!(out, ": {options}");
        }
        if matches!(step, Step::Implicit(_)) {
            out.push_str(" (gRPC's default; the list has none)");
        }
        out.push('\n');
    }
    let _ = writeln!(out, "  → {end}");
}

/// Words on lines of which all but the first begin with as many spaces.
fn wrapped(out: &mut String, text: &str, indent: usize) {
    let mut column = indent;
    for (n, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if n > 0 && column + 1 + length > WIDTH {
            let _ = write!(out, "\n{:indent$}", "");
            column = indent;
        } else if n > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}
