//! The table for people.
use std::fmt::Write as _;

use super::table::Table;

pub(super) fn table(table: &Table) -> String {
    let titles: Vec<&str> = table
        .providers
        .iter()
        .map(|p| p.named.title.as_str())
        .collect();
    let mut out = format!(
        "| Call | {} |\n|---|{}\n",
        titles.join(" | "),
        ":---:|".repeat(titles.len())
    );
    for call in &table.calls {
        let cells: Vec<&str> = table
            .providers
            .iter()
            .map(|p| table.cell(call, p).map_or("–", |scope| scope.name()))
            .collect();
        // Writing to a string does not fail.
        let _ = writeln!(out, "| {} | {} |", call.named.title, cells.join(" | "));
    }
    out
}
