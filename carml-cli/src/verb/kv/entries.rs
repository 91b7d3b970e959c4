//! Reading and writing keys.

use std::{
    io::{self, IsTerminal as _, Read as _, Write as _},
    process::ExitCode,
};

use carml_runtime::kv::{Error, ErrorKind, Key, Kv, ListOptions, Revision};

use super::super::FAULTY;

/// Print a value
#[derive(clap::Args)]
pub(super) struct Get {
    key: String,
    /// Print the revision of its last write instead
    #[arg(long)]
    revision: bool,
}

impl Get {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        let Some(entry) = kv.get(&self.key.parse()?).await? else {
            eprintln!("error: there is no key `{}`", self.key);
            return Ok(ExitCode::from(FAULTY));
        };
        if self.revision {
            println!("{}", entry.revision.0);
        } else {
            print(&entry.value);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The value as it is; a terminal gets the end of the line too.
fn print(value: &[u8]) {
    let mut out = io::stdout().lock();
    // A reader that went away is no fault of the store.
    let _ = out.write_all(value);
    if out.is_terminal() {
        let _ = out.write_all(b"\n");
    }
}

/// Write a value; prints its revision
#[derive(clap::Args)]
pub(super) struct Put {
    key: String,
    /// The value; `-` reads standard input
    value: String,
    /// Write only if the key has this revision; 0: only if there is no such key
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
        println!("{}", revision.0);
        Ok(ExitCode::SUCCESS)
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
    eprintln!("error: there is no key `{key}`");
    ExitCode::from(FAULTY)
}

/// Say by the exit code whether there is a key
#[derive(clap::Args)]
pub(super) struct Exists {
    key: String,
}

impl Exists {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        Ok(found(kv.exists(&self.key.parse()?).await?, &self.key))
    }
}

/// Print the keys below a directory
#[derive(clap::Args)]
pub(super) struct List {
    /// The directory; without it, the whole store
    #[arg(default_value = "")]
    directory: String,
}

impl List {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        let directory = Key::parse_dir(&self.directory)?;
        let mut options = ListOptions::default();
        loop {
            let page = kv.list(directory.clone(), options.clone()).await?;
            let mut out = io::stdout().lock();
            for entry in &page.entries {
                if writeln!(out, "{}", entry.key).is_err() {
                    return Ok(ExitCode::SUCCESS);
                }
            }
            options.after = page.next;
            if options.after.is_none() {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

/// Remove all keys below a directory; prints how many
#[derive(clap::Args)]
pub(super) struct DeleteTree {
    directory: String,
}

impl DeleteTree {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        println!("{}", kv.delete_tree(self.directory.parse()?).await?);
        Ok(ExitCode::SUCCESS)
    }
}
