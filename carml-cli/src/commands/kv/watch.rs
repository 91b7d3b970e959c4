//! `carml kv watch`.

use std::process::ExitCode;

use carml_runtime::kv::{Batch, DeleteCause, Entry, Error, Event, Key, Kv, Revision, WatchStart};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::super::output;

/// Print the changes of a key, one JSON line per batch, until interrupted
#[derive(clap::Args)]
pub(super) struct Args {
    /// The key; with --tree, the folder
    #[arg(default_value = "")]
    key: String,
    /// Print the changes of all keys under a folder
    #[arg(long)]
    tree: bool,
    /// Start after this revision, instead of with the current state
    #[arg(long, value_name = "REVISION")]
    after: Option<u64>,
}

impl Args {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        let from = self
            .after
            .map_or(WatchStart::Now, |r| WatchStart::Revision(Revision(r)));
        let mut batches = match self.tree {
            true => kv.watch_tree(Key::parse_dir(&self.key)?, from).await?,
            false => kv.watch(self.key.parse()?, from).await?,
        };
        while let Some(batch) = batches.next().await {
            let line = format!("{}\n", line(batch?));
            if let Err(code) = output::write(line.as_bytes()) {
                return Ok(code);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(batch: Batch) -> Value {
    match batch {
        Batch::Snapshot {
            entries,
            revision,
            reason,
        } => {
            let reason = format!("{reason:?}").to_lowercase();
            let entries: Vec<Value> = entries.iter().map(put).collect();
            json!({"snapshot": entries, "reason": reason, "revision": revision.0})
        }
        Batch::Events { revision, events } => {
            let events: Vec<Value> = events.iter().map(event).collect();
            json!({"events": events, "revision": revision.0})
        }
        Batch::Progress { revision } => json!({"progress": true, "revision": revision.0}),
        other => json!({"unknown": format!("{other:?}")}),
    }
}

fn event(event: &Event) -> Value {
    match event {
        Event::Put(entry) => json!({"put": put(entry)}),
        Event::Delete { key, cause } => {
            let cause = match cause {
                DeleteCause::Explicit => "explicit",
                DeleteCause::Expired => "expired",
                DeleteCause::Unknown => "unknown",
            };
            json!({"delete": {"key": key.as_str(), "cause": cause}})
        }
    }
}

/// A value that is not UTF-8 is printed in base64, under another name.
fn put(entry: &Entry) -> Value {
    let mut put = json!({"key": entry.key.as_str(), "revision": entry.revision.0});
    match std::str::from_utf8(&entry.value) {
        Ok(text) => put["value"] = text.into(),
        Err(_) => {
            use base64::Engine as _;
            let encoded = base64::engine::general_purpose::STANDARD.encode(&entry.value);
            put["value_base64"] = encoded.into();
        }
    }
    put
}
