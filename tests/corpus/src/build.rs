//! Compiles modules into programs that read instances: a few crates, each with many modules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::convert::Converted;

/// The lines per crate: rustc's memory grows with them.
const LINES: usize = 12_000;

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

/// What rustc reported.
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
/// out, and the rest is tried again; where rustc's error has no module, the crate's modules are
/// tried one by one.
///
/// # Errors
///
/// The folder cannot be written, or cargo cannot be run.
pub fn all(folder: &Path, lock: &Path, converted: &[Converted]) -> io::Result<Built> {
    fs::create_dir_all(folder)?;
    put(&folder.join("Cargo.toml"), WORKSPACE)?;
    // The versions of the workspace, so that nothing is downloaded.
    fs::copy(lock, folder.join("Cargo.lock"))?;
    let mut built = Built::default();
    let mut groups = groups(converted);
    loop {
        for (n, group) in groups.iter().enumerate() {
            let crate_name = crate_name(folder, n);
            let part = folder.join(format!("part-{n}"));
            write(&part, &crate_name, converted, group)?;
        }
        drop_after(folder, groups.len())?;
        let before = (built.broken.len(), groups.len());
        let reported = cargo(folder, &mut built)?;
        if reported.success {
            break;
        }
        for (n, error) in reported.unplaced {
            match groups.get_mut(n) {
                Some(group) if group.len() == 1 => {
                    built.broken.entry(group[0]).or_insert(error);
                }
                Some(group) if group.len() > 1 => {
                    let alone = group.split_off(1);
                    groups.extend(alone.into_iter().map(|module| vec![module]));
                }
                _ => {}
            }
        }
        for group in &mut groups {
            group.retain(|module| !built.broken.contains_key(module));
        }
        if before == (built.broken.len(), groups.len()) {
            let message = format!("cargo failed in {}:\n{}", folder.display(), reported.text);
            return Err(io::Error::other(message));
        }
    }
    for (n, group) in groups.into_iter().enumerate() {
        let name = crate_name(folder, n);
        let program = folder.join("../target/debug").join(name);
        built.programs.push((program, group));
    }
    Ok(built)
}

/// Crates of an earlier run that had more of them.
fn drop_after(folder: &Path, parts: usize) -> io::Result<()> {
    for n in parts.. {
        let old = folder.join(format!("part-{n}"));
        if !old.exists() {
            break;
        }
        fs::remove_dir_all(old)?;
    }
    Ok(())
}

/// Writes what differs: a second run compiles only that.
fn put(file: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(file).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(file, text)
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

/// No two runs share a program's name, for they share the folder that it is built in.
fn crate_name(folder: &Path, part: usize) -> String {
    let run = folder.file_name().unwrap_or_default();
    format!("{}-part-{part}", run.to_string_lossy())
}

fn write(folder: &Path, name: &str, converted: &[Converted], group: &[usize]) -> io::Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    put(&folder.join("Cargo.toml"), &MANIFEST.replace("NAME", name))?;
    let (mut modules, mut arms) = (String::new(), String::new());
    for n in group {
        if let Ok(module) = &converted[*n].module {
            put(&folder.join(format!("src/m{n}.rs")), &module.code)?;
            // Public items are not reported as dead code, as in a library.
            modules.push_str(&format!("pub mod m{n};\n"));
            arms.push_str(&format!(
                "        {n} => turn::<m{n}::Root>(value, &text),\n"
            ));
        }
    }
    put(&folder.join("src/lib.rs"), &modules)?;
    let library = name.replace('-', "_");
    let main = include_str!("judge.template")
        .replace("LIBRARY", &library)
        .replace("        ARMS\n", &arms);
    put(&folder.join("src/main.rs"), &main)
}

#[derive(Default)]
struct Reported {
    success: bool,
    /// Errors in which no module is named, by part.
    unplaced: Vec<(usize, String)>,
    text: String,
}

/// Runs cargo, and collects what rustc reports about each module.
fn cargo(folder: &Path, built: &mut Built) -> io::Result<Reported> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--offline",
            "--message-format=json",
            "--keep-going",
        ])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("../target"))
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        .output()?;
    let mut reported = Reported {
        success: output.status.success(),
        text: String::from_utf8_lossy(&output.stderr).into_owned(),
        ..Reported::default()
    };
    built.warnings.clear();
    let mut seen = BTreeSet::new();
    for line in output.stdout.split(|byte| *byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        let message = &line["message"];
        let text = message["rendered"].as_str().unwrap_or_default();
        if !seen.insert(text.to_owned()) {
            continue;
        }
        let level = message["level"].as_str().unwrap_or_default();
        match (module(message), level.starts_with("error")) {
            (Some(module), true) => {
                let broken = built.broken.entry(module);
                broken.or_insert_with(|| text.to_owned());
            }
            (Some(module), false) if level == "warning" => {
                built
                    .warnings
                    .entry(module)
                    .or_default()
                    .push(text.to_owned());
            }
            (None, true) if !text.starts_with("error: aborting") => {
                reported
                    .unplaced
                    .extend(part(&line).map(|part| (part, text.to_owned())));
            }
            _ => {}
        }
    }
    Ok(reported)
}

/// The crate that a message is about.
fn part(line: &Value) -> Option<usize> {
    let name = line["target"]["name"].as_str()?;
    name.rsplit(['-', '_']).next()?.parse().ok()
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
