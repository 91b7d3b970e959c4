//! `cargo run -p carml-test-corpus -- --help`

use std::{error::Error, path::PathBuf, process::ExitCode};

use carml_test_corpus::{collection, run, suite};
use lexopt::{Arg::Long, ValueExt as _};

const USAGE: &str = "\
Compiles every schema of a collection to Rust, compiles the Rust, and tries the collection's files
on its types. Exit code 1 if less is reached than docs/schema-compiler.md promises.

usage: cargo run -p carml-test-corpus -- [--dir FOLDER] [--sample N/M] [--only NAME] [--format text|json]

  --dir FOLDER   a folder with a manifest.jsonl; ../shared/corpus beside the project if absent
  --own          the project's own schemas instead
  --suite FOLDER the official JSON Schema Test Suite instead, which is in that folder
  --sample N/M   only every Nth schema, from the Mth on
  --every N      the same from the first on
  --only NAME    only schemas whose name begins so";

struct Args {
    dir: Option<PathBuf>,
    own: bool,
    suite: Option<PathBuf>,
    sample: (usize, usize),
    only: String,
    json: bool,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let Some(args) = args()? else {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    };
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut name = "given";
    let mut cases = if args.own {
        name = "own";
        collection::from_folders(&here.join("schemas"))?
    } else if let Some(folder) = args.suite {
        name = "suite";
        suite::cases(&folder, &here.join("../../target/corpus/suite-cases"))?
    } else {
        let beside = || {
            let mut all = here.ancestors().map(|folder| folder.join("shared/corpus"));
            all.find(|folder| folder.is_dir())
        };
        let folder = args.dir.or_else(beside);
        collection::from_manifest(&folder.ok_or("no ../shared/corpus: name a folder with --dir")?)?
    };
    cases.retain(|case| case.name.starts_with(&args.only));
    let (every, offset) = args.sample;
    let cases = cases
        .into_iter()
        .skip(offset)
        .step_by(every.max(1))
        .collect();

    let report = run::all(cases, name)?;
    if args.json {
        println!("{:#}", report.json());
    } else {
        print!("{report}");
    }
    Ok(ExitCode::from(u8::from(!report.passes())))
}

fn args() -> Result<Option<Args>, lexopt::Error> {
    let mut args = Args {
        dir: None,
        own: false,
        suite: None,
        sample: (1, 0),
        only: String::new(),
        json: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("dir") => args.dir = Some(parser.value()?.into()),
            Long("own") => args.own = true,
            Long("suite") => args.suite = Some(parser.value()?.into()),
            Long("every") => args.sample = (parser.value()?.parse()?, 0),
            Long("sample") => args.sample = parser.value()?.parse_with(sample)?,
            Long("only") => args.only = parser.value()?.string()?,
            Long("format") => args.json = parser.value()? == "json",
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(args))
}

fn sample(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/');
    let numbers = parts.and_then(|(n, m)| Some((n.parse().ok()?, m.parse().ok()?)));
    numbers.ok_or_else(|| "two numbers, such as 10/3".to_owned())
}
