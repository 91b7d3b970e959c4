//! The schema compiler against typify, on the schemas that both can do: the time to convert them,
//! the lines they become, and the time that rustc takes to compile those. Ratios are printed,
//! never asserted: they depend on the machine too.
//!
//! `cargo bench -p carml-bench-codegen`, for the project's own schemas; with a collection's folder
//! in `CARML_COLLECTION`, for that. The first run gets what typify's modules need (chrono, regress,
//! uuid) from the registry.
#![allow(clippy::unwrap_used)]

mod peer;
mod rustc;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use carml_codegen::schema::{self, Options};
use carml_test_corpus::collection;

/// How often each schema is converted.
const ROUNDS: usize = 5;
/// How often each crate is compiled.
const BUILDS: usize = 3;

/// What one compiler made of a schema.
struct Made {
    code: String,
    took: Duration,
}

fn main() {
    if let Some(file) = peer::asked() {
        return peer::answer(made(|| peer::convert(&file)));
    }
    let schemas = schemas();
    let mut both: Vec<(Made, Made)> = Vec::new();
    for file in &schemas {
        let ours = made(|| ours(file));
        let theirs = peer::in_a_process_of_its_own(file);
        both.extend(ours.zip(theirs));
    }
    let converted = both.len();

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench-codegen");
    let (ours, theirs): (Vec<_>, Vec<_>) = both.into_iter().unzip();
    let crates = [("ours", &ours), ("theirs", &theirs)]
        .map(|(name, all)| rustc::Crate::new(&folder, name, all.iter().map(|made| &made.code)));
    let kept: Vec<bool> = {
        let built = crates.each_ref().map(rustc::Crate::compiling);
        (0..converted)
            .map(|n| built.iter().all(|built| built[n]))
            .collect()
    };
    println!(
        "{} schemas: typify converts {converted}, of which {} compile",
        schemas.len(),
        kept.iter().filter(|kept| **kept).count()
    );

    let figures = |all: &[Made]| {
        let kept = all.iter().zip(&kept).filter(|(_, kept)| **kept);
        let (mut took, mut lines) = (Duration::ZERO, 0);
        for (made, _) in kept {
            took += made.took;
            lines += made.code.lines().count();
        }
        (took, lines)
    };
    let (ours, theirs) = (figures(&ours), figures(&theirs));
    let [mine, peer] = crates.each_ref().map(|one| one.keep(&kept));
    let (mut mine_took, mut peer_took) = (Vec::new(), Vec::new());
    for _ in 0..BUILDS {
        mine_took.push(mine.build());
        peer_took.push(peer.build());
    }
    println!("{:<10}{:>12}{:>12}{:>8}", "", "typify", "carml", "ratio");
    row("convert", theirs.0, ours.0);
    let ratio = ours.1 as f64 / theirs.1 as f64;
    println!("{:<10}{:>12}{:>12}{ratio:>8.2}", "lines", theirs.1, ours.1);
    row("rustc", median(peer_took), median(mine_took));
}

fn row(name: &str, theirs: Duration, ours: Duration) {
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("{name:<10}{theirs:>12.2?}{ours:>12.2?}{ratio:>8.2}");
}

fn schemas() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/schemas");
    let cases = match std::env::var_os("CARML_COLLECTION") {
        Some(folder) => collection::from_manifest(Path::new(&folder)),
        None => collection::from_folders(&own),
    };
    cases.unwrap().into_iter().map(|case| case.schema).collect()
}

fn ours(file: &Path) -> Option<String> {
    let mut options = Options::default();
    options.crates.clear();
    schema::compile(file, &options)
        .ok()
        .map(|module| module.code)
}

/// The code, and the median of the time that it took.
fn made(convert: impl Fn() -> Option<String>) -> Option<Made> {
    let mut took = Vec::new();
    let mut code = String::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        code = convert()?;
        took.push(begun.elapsed());
    }
    Some(Made {
        code,
        took: median(took),
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
