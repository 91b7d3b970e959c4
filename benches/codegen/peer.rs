//! typify, as its own command line uses it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use schemars_08::schema::RootSchema;
use typify_impl::{TypeSpace, TypeSpaceSettings};

use crate::Made;

/// What this program is called with to convert one schema.
const ASKED: &str = "--typify";

/// The schema that this process is to convert, and nothing else.
pub(crate) fn asked() -> Option<PathBuf> {
    let mut arguments = std::env::args_os().skip_while(|argument| argument != ASKED);
    arguments.nth(1).map(PathBuf::from)
}

/// The nanoseconds on the first line, and the code.
pub(crate) fn answer(made: Option<Made>) {
    if let Some(made) = made {
        println!("{}", made.took.as_nanos());
        print!("{}", made.code);
    }
}

/// typify panics on some schemas, and runs out of stack on others.
pub(crate) fn in_a_process_of_its_own(file: &Path) -> Option<Made> {
    let mut process = Command::new(std::env::current_exe().ok()?);
    process.arg(ASKED).arg(file).stderr(Stdio::null());
    let output = process.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (nanos, code) = text.split_once('\n')?;
    Some(Made {
        took: Duration::from_nanos(nanos.parse().ok()?),
        code: code.to_owned(),
    })
}

/// Formatted Rust, if typify has any for this schema. Panics where typify does.
pub(crate) fn convert(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let schema: RootSchema = serde_json::from_str(&text).ok()?;
    let mut space = TypeSpace::new(&TypeSpaceSettings::default());
    space.add_root_schema(schema).ok()?;
    let file = syn::parse2(space.to_stream()).ok()?;
    Some(prettyplease::unparse(&file))
}
