//! Modules to programs that try instances: a few crates, each of many modules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::convert::Converted;

/// A crate closes once it holds so many lines: rustc's memory grows with them.
const LINES: usize = 20_000;

const MANIFEST: &str = "\
[package]
name = \"NAME\"
version = \"0.0.0\"
edition = \"2024\"

[dependencies]
regex = \"1\"
serde = { version = \"1\", features = [\"derive\"] }
serde_json = { version = \"1\", features = [\"preserve_order\"] }
";

const WORKSPACE: &str = "\
[workspace]
resolver = \"3\"
members = [\"part-*\"]

[profile.dev]
debug = false
incremental = false
";

/// What rustc said.
#[derive(Debug, Default)]
pub struct Built {
    /// Programs, and the indices of the modules that each holds.
    pub programs: Vec<(PathBuf, Vec<usize>)>,
    /// Modules that do not compile, with rustc's first error.
    pub broken: BTreeMap<usize, String>,
    /// Warnings, by module.
    pub warnings: BTreeMap<usize, Vec<String>>,
}

/// Writes the crates into the folder and compiles them. A module that does not compile is left
/// out, and the rest is tried again.
///
/// # Errors
///
/// The folder cannot be written, or cargo cannot be run.
pub fn all(folder: &Path, lock: &Path, converted: &[Converted]) -> io::Result<Built> {
    let _ = fs::remove_dir_all(folder.join("parts"));
    let parts = folder.join("parts");
    fs::create_dir_all(&parts)?;
    fs::write(parts.join("Cargo.toml"), WORKSPACE)?;
    // The versions that the workspace has: nothing new need be downloaded.
    fs::copy(lock, parts.join("Cargo.lock"))?;
    let mut built = Built::default();
    let mut groups = groups(converted);
    loop {
        for (n, group) in groups.iter().enumerate() {
            write(&parts.join(format!("part-{n}")), converted, group)?;
        }
        let before = built.broken.len();
        let success = cargo(&parts, folder, &mut built)?;
        for group in &mut groups {
            group.retain(|module| !built.broken.contains_key(module));
        }
        if success {
            break;
        }
        if built.broken.len() == before {
            return Err(io::Error::other(
                "cargo failed; run it in target/corpus/parts",
            ));
        }
    }
    for (n, group) in groups.into_iter().enumerate() {
        let program = folder.join(format!("target/debug/part-{n}"));
        built.programs.push((program, group));
    }
    Ok(built)
}

fn groups(converted: &[Converted]) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new()];
    let mut lines = 0;
    for (n, schema) in converted.iter().enumerate() {
        if schema.module.is_err() {
            continue;
        }
        if lines > LINES {
            groups.push(Vec::new());
            lines = 0;
        }
        lines += schema.lines();
        if let Some(group) = groups.last_mut() {
            group.push(n);
        }
    }
    groups
}

fn write(folder: &Path, converted: &[Converted], group: &[usize]) -> io::Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.join("src"))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    fs::write(folder.join("Cargo.toml"), MANIFEST.replace("NAME", &name))?;
    let (mut modules, mut arms) = (String::new(), String::new());
    for n in group {
        if let Ok(module) = &converted[*n].module {
            fs::write(folder.join(format!("src/m{n}.rs")), &module.code)?;
            // What is public is not dead, as in a crate that others use.
            modules.push_str(&format!("pub mod m{n};\n"));
            arms.push_str(&format!("        {n} => turn::<m{n}::Root>(value),\n"));
        }
    }
    fs::write(folder.join("src/lib.rs"), &modules)?;
    let library = name.replace('-', "_");
    let main = include_str!("judge.template")
        .replace("LIBRARY", &library)
        .replace("        ARMS\n", &arms);
    fs::write(folder.join("src/main.rs"), main)
}

/// Runs cargo, and notes what rustc says of each module.
fn cargo(parts: &Path, folder: &Path, built: &mut Built) -> io::Result<bool> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--message-format=json", "--keep-going"])
        .current_dir(parts)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("RUSTFLAGS")
        .stderr(Stdio::null())
        .output()?;
    built.warnings.clear();
    let mut seen = BTreeSet::new();
    for line in output.stdout.split(|byte| *byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        let message = &line["message"];
        let text = message["rendered"].as_str().unwrap_or_default();
        let Some(module) = module(message).filter(|_| seen.insert(text.to_owned())) else {
            continue;
        };
        match message["level"].as_str() {
            Some("warning") => built
                .warnings
                .entry(module)
                .or_default()
                .push(text.to_owned()),
            Some("error") => {
                built
                    .broken
                    .entry(module)
                    .or_insert_with(|| text.to_owned());
            }
            _ => {}
        }
    }
    Ok(output.status.success())
}

/// The module that a message of rustc is about.
fn module(message: &Value) -> Option<usize> {
    let spans = message["spans"].as_array()?;
    spans.iter().find_map(|span| {
        let file = Path::new(span["file_name"].as_str()?);
        let stem = file.file_stem()?.to_str()?;
        stem.strip_prefix('m')?.parse().ok()
    })
}
