//! `carml store rm`.

use std::{
    io::{IsTerminal as _, Write as _, stderr, stdin},
    process::ExitCode,
};

use carml_runtime::store::{Key, ListOptions, Store};
use futures_util::TryStreamExt as _;

use super::{super::invalid_input, Done, escaped};

/// How many objects are removed at once.
const BATCH: usize = 1000;

/// Remove objects; missing ones are not an error
#[derive(clap::Args)]
pub(super) struct Args {
    /// Keys; with `-r`, prefixes of keys
    #[arg(required = true)]
    keys: Vec<String>,

    /// Remove every object whose name starts with one of the prefixes
    #[arg(short, long)]
    recursive: bool,

    /// Do not ask for confirmation
    #[arg(short, long, requires = "recursive")]
    yes: bool,
}

impl Args {
    pub(super) async fn run(self, store: &Store) -> Done {
        if !self.recursive {
            let keys: Result<Vec<Key>, _> = self.keys.iter().map(|key| key.parse()).collect();
            store.delete(&keys?).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut keys = Vec::new();
        let mut foreign = Vec::new();
        for prefix in &self.keys {
            let mut entries = store.list(prefix, ListOptions::default());
            while let Some(entry) = entries.try_next().await? {
                match entry.key {
                    Some(key) => keys.push(key),
                    None => foreign.push(entry.name),
                }
            }
        }
        if !self.yes && !keys.is_empty() && !confirmed(keys.len()) {
            return Ok(invalid_input("nothing was removed"));
        }
        for batch in keys.chunks(BATCH) {
            store.delete(batch).await?;
        }
        if let Some(name) = foreign.first() {
            return Ok(invalid_input(format_args!(
                "{} objects have names that are not valid keys, and were left: remove them with the \
                 program that wrote them; the first is {}",
                foreign.len(),
                escaped(name)
            )));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks on a terminal; elsewhere, nobody can answer.
fn confirmed(count: usize) -> bool {
    if !stdin().is_terminal() {
        let _ = writeln!(stderr(), "{count} objects would be removed: say --yes");
        return false;
    }
    let _ = write!(stderr(), "Remove {count} objects? [y/N] ");
    let mut answer = String::new();
    let read = stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
