//! `carml store ls`.

use std::process::ExitCode;

use carml_runtime::store::{EntryKind, ListOptions, Store};
use futures_util::TryStreamExt as _;

use super::{super::output, Done, escaped};

/// List objects: size in bytes, time of the last write, name
///
/// Folders end with `/`. Objects of other programs whose name is not a valid key are marked with
/// `!`; this command cannot read them.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What the names start with: `models/` lists a folder
    #[arg(default_value = "")]
    prefix: String,

    /// List what is in folders too
    #[arg(short, long)]
    recursive: bool,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) async fn run(self, store: &Store) -> Done {
        let options = ListOptions {
            delimiter: !self.recursive,
            ..ListOptions::default()
        };
        let mut entries = store.list(&self.prefix, options);
        while let Some(entry) = entries.try_next().await? {
            let name = &entry.name;
            let line = match entry.kind {
                EntryKind::Folder if self.json => serde_json::json!({ "folder": name }).to_string(),
                EntryKind::Folder => format!("{:>12} {:20} {}", "-", "-", escaped(name)),
                EntryKind::Object {
                    size,
                    etag,
                    modified,
                } => {
                    let modified = modified.map(time);
                    let is_key = entry.key.is_some();
                    if self.json {
                        let value = serde_json::json!({
                            "name": name, "size": size, "etag": etag, "modified": modified,
                            "is_key": is_key,
                        });
                        value.to_string()
                    } else {
                        let mark = if is_key { "" } else { "! " };
                        let modified = modified.unwrap_or_else(|| "-".to_owned());
                        format!("{size:>12} {modified:20} {mark}{}", escaped(name))
                    }
                }
            };
            if let Err(code) = output::write(format!("{line}\n").as_bytes()) {
                return Ok(code);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A time in UTC, in seconds.
pub(super) fn time(time: std::time::SystemTime) -> String {
    match jiff::Timestamp::try_from(time) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        // Before the year -9999.
        Err(_) => "-".to_owned(),
    }
}
