//! Seeds, mutation, and the clock.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

/// No single input may take longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// Runs the check on made-up values for a few seconds, or for `FUZZ_SECONDS`; a failing value is
/// shrunk and printed. The seed of the values changes from run to run.
pub(crate) fn fuzz<S: Strategy>(inputs: &S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let seconds = std::env::var("FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(4);
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        let config = Config {
            cases: 32,
            failure_persistence: None,
            ..Config::default()
        };
        TestRunner::new(config)
            .run(inputs, |input| {
                let begun = Instant::now();
                check(input)?;
                let took = begun.elapsed();
                prop_assert!(took < LIMIT, "took {:?}", took);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The JSON files of the project's own schemas and their instances.
pub(crate) fn seeds(name: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/schemas");
    let mut seeds = Vec::new();
    collect(&folder, name, &mut seeds);
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    seeds.sort();
    seeds
}

fn collect(folder: &Path, name: &str, seeds: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, name, seeds);
        } else if path.to_string_lossy().ends_with(name) {
            seeds.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// A text with pieces cut, doubled, swapped for a fragment of the format, or taken from elsewhere.
pub(crate) fn mutated(
    seeds: Vec<String>,
    fragments: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<u16>(), 0..40_usize, 0..4_u8, any::<u16>()), 0..6);
    (prop::sample::select(seeds), edits).prop_map(move |(seed, edits)| {
        let mut text: Vec<char> = seed.chars().collect();
        for (at, length, kind, pick) in edits {
            let at = usize::from(at) % (text.len() + 1);
            let end = (at + length).min(text.len());
            let fragment = fragments[usize::from(pick) % fragments.len()];
            let piece: Vec<char> = match kind {
                0 => Vec::new(),
                1 => [&text[at..end], &text[at..end]].concat(),
                2 => fragment.chars().collect(),
                _ => {
                    let from = usize::from(pick) % (text.len() + 1);
                    text[from..(from + length).min(text.len())].to_vec()
                }
            };
            text.splice(at..end, piece);
        }
        text.into_iter().collect()
    })
}
