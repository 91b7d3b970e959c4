//! The middleware chains as they will run.

use crate::Loaded;
use crate::chain::{Problems, Side, Step};
use std::fmt::Write as _;

pub(super) fn write(loaded: &Loaded) -> Result<String, Problems> {
    let mut out = String::new();
    one(loaded, &mut out, Side::Server, "server", "services")?;
    out.push('\n');
    one(loaded, &mut out, Side::Client, "client", "network")?;
    Ok(out)
}

fn one(
    loaded: &Loaded,
    out: &mut String,
    side: Side,
    title: &str,
    end: &str,
) -> Result<(), Problems> {
    let origin = loaded.origin_text(side.pointer());
    let _ = writeln!(out, "{title}, outermost first    # {origin}");
    for (n, step) in loaded.chain(side)?.steps().iter().enumerate() {
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
    Ok(())
}
