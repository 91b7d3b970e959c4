//! The table for people.

use std::fmt::Write as _;

use carml_schema::capabilities::{Capabilities, Entry, Reach};

pub(super) fn table(table: &Capabilities<'_>) -> String {
    let providers: Vec<Entry<'_>> = table.providers().collect();
    let titles: Vec<&str> = providers.iter().map(Entry::title).collect();
    let mut out = format!(
        "| Call | {} |\n|---|{}\n",
        titles.join(" | "),
        ":---:|".repeat(titles.len())
    );
    for call in table.calls() {
        let cells: Vec<&str> = providers
            .iter()
            .map(|provider| table.reach(call.name, provider.name))
            .map(|reach| reach.map_or("–", Reach::name))
            .collect();
        // Writing to a string does not fail.
        let _ = writeln!(out, "| {} | {} |", call.title(), cells.join(" | "));
    }
    out
}
