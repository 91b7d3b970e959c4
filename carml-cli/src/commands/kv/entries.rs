//! Reading and writing keys.

use std::{
    io::{self, IsTerminal as _, Read as _},
    process::ExitCode,
};

use carml_runtime::kv::{Error, ErrorKind, Key, Kv, ListOptions, Revision};

use super::super::{invalid_input, output};

/// Print a value
#[derive(clap::Args)]
pub(super) struct Get {
    /// The key
    key: String,
    /// Print the revision of its last write instead
    #[arg(long)]
    revision: bool,
}

impl Get {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        let Some(entry) = kv.get(&self.key.parse()?).await? else {
            return Ok(found(false, &self.key));
        };
        if self.revision {
            return Ok(output::print(format_args!("{}\n", entry.revision.0)));
        }
        // The value as it is; a terminal gets the end of the line too.
        let mut value = entry.value.to_vec();
        if io::stdout().is_terminal() {
            value.push(b'\n');
        }
        Ok(output::write(&value).err().unwrap_or(ExitCode::SUCCESS))
    }
}

/// Write a value; print its revision
#[derive(clap::Args)]
pub(super) struct Put {
    /// The key
    key: String,
    /// The value; `-` reads standard input
    value: String,
    /// Write only if the key has this revision; 0: only if the key does not exist
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
}

impl Put {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        let key: Key = self.key.parse()?;
        let value = match self.value.as_str() {
            "-" => stdin()?,
            text => text.as_bytes().to_owned(),
        };
        let revision = match self.expect {
            None => kv.put(key, value, None).await?,
            Some(expected) => {
                let expected = (expected != 0).then_some(Revision(expected));
                kv.atomic_put(key, value, expected, None).await?
            }
        };
        Ok(output::print(format_args!("{}\n", revision.0)))
    }
}

fn stdin() -> Result<Vec<u8>, Error> {
    let mut value = Vec::new();
    io::stdin().read_to_end(&mut value).map_err(|error| {
        let why = "standard input could not be read";
        Error::new(ErrorKind::InvalidArgument, "put", why).with_source(error)
    })?;
    Ok(value)
}

/// Remove a key
#[derive(clap::Args)]
pub(super) struct Delete {
    /// The key
    key: String,
    /// Remove only if the key has this revision
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
}

impl Delete {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        let key: Key = self.key.parse()?;
        let existed = match self.expect {
            None => kv.delete(key).await?,
            Some(revision) => {
                kv.atomic_delete(key, Revision(revision)).await?;
                true
            }
        };
        Ok(found(existed, &self.key))
    }
}

fn found(found: bool, key: &str) -> ExitCode {
    if found {
        return ExitCode::SUCCESS;
    }
    invalid_input(format_args!("there is no key `{key}`"))
}

/// Set the exit code: 0 if the key exists, 1 if not
#[derive(clap::Args)]
pub(super) struct Exists {
    /// The key
    key: String,
}

impl Exists {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        Ok(found(kv.exists(&self.key.parse()?).await?, &self.key))
    }
}

/// Print the keys under a folder
#[derive(clap::Args)]
pub(super) struct List {
    /// The folder; without it, the whole store
    #[arg(default_value = "")]
    directory: String,
}

impl List {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        let directory = Key::parse_dir(&self.directory)?;
        let mut options = ListOptions::default();
        loop {
            let page = kv.list(directory.clone(), options.clone()).await?;
            let keys = page.entries.iter().map(|entry| format!("{}\n", entry.key));
            if let Err(code) = output::write(keys.collect::<String>().as_bytes()) {
                return Ok(code);
            }
            options.after = page.next;
            if options.after.is_none() {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

/// Remove all keys under a folder; print how many
#[derive(clap::Args)]
pub(super) struct DeleteTree {
    directory: String,
}

impl DeleteTree {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        let removed = kv.delete_tree(self.directory.parse()?).await?;
        Ok(output::print(format_args!("{removed}\n")))
    }
}
