//! The table for the documentation.

use std::fmt::Write as _;

use super::table::{Middleware, Table};

pub(super) fn table(table: &Table<'_>) -> String {
    let mut out = "| name | side | options | what it does |\n|---|---|---|---|\n".to_owned();
    for middleware in &table.middlewares {
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            middleware.name,
            side(middleware),
            middleware.options.as_deref().unwrap_or("–"),
            middleware.description
        );
    }
    out
}

fn side(middleware: &Middleware<'_>) -> &'static str {
    match (middleware.server, middleware.client) {
        (true, true) => "both",
        (true, false) => "server",
        (false, _) => "client",
    }
}
