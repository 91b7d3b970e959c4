//! The table for the documentation.

use std::fmt::Write as _;

use super::table::{Middleware, Table};

pub(super) fn table(table: &Table<'_>) -> String {
    let mut out = "| name | side | options | what it does |\n|---|---|---|---|\n".to_owned();
    for middleware in &table.middlewares {
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {}{} |",
            middleware.name,
            side(middleware),
            middleware.options.as_deref().unwrap_or("–"),
            middleware.description,
            feature(middleware)
        );
    }
    out
}

fn feature(middleware: &Middleware<'_>) -> String {
    match middleware.feature {
        Some(feature) => format!(" Needs the feature `{feature}` of `carml-runtime`."),
        None => String::new(),
    }
}

fn side(middleware: &Middleware<'_>) -> &'static str {
    match (middleware.server, middleware.client) {
        (true, true) => "both",
        (true, false) => "server",
        (false, _) => "client",
    }
}
