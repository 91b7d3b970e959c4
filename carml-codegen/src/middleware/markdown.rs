//! The table for the documentation.

use std::fmt::Write as _;

use super::table::{Middleware, Options, Table};

pub(super) fn table(table: &Table<'_>) -> String {
    let mut out = "| name | side | options | what it does |\n|---|---|---|---|\n".to_owned();
    for middleware in &table.middlewares {
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            middleware.name,
            side(middleware),
            options(middleware.options),
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

fn options(options: Options) -> &'static str {
    match options {
        Options::None => "–",
        Options::Duration => "a duration: `30s`",
        Options::ByteSize => "a size: `4mb`",
    }
}
