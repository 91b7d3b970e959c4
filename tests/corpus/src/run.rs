//! All steps, one after the other.

use std::{io, path::Path};

use crate::{build, collection::Case, convert, judge, report::Report, why};

/// Runs the cases; the crates are compiled in `target/corpus/NAME`.
///
/// # Errors
///
/// A crate cannot be written, or cargo or a program of it cannot be run.
pub fn all(cases: Vec<Case>, name: &str) -> io::Result<Report> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let converted = convert::all(cases);
    let folder = workspace.join("target/corpus").join(name);
    let built = build::all(&folder, &workspace.join("Cargo.lock"), &converted)?;
    let mut verdicts = Vec::new();
    for (program, modules) in &built.programs {
        verdicts.extend(judge::all(program, modules, &converted)?);
    }
    Ok(Report::new(&converted, &built, &verdicts))
}

/// Instances on which the validator has another verdict than the collection.
pub fn disputed(cases: &[Case]) -> Vec<String> {
    let mut disputed = Vec::new();
    for case in cases {
        for instance in &case.instances {
            let keywords = why::keywords(&case.schema, &instance.file);
            if keywords.is_none_or(|keywords| keywords.is_empty() != instance.valid) {
                disputed.push(instance.file.display().to_string());
            }
        }
    }
    disputed
}
