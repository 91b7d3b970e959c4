//! `carml store stat`.

use carml_runtime::store::Store;

use super::{Done, list::time, print};

/// Print the size, ETag, type, metadata, SHA-256 and time of an object
#[derive(clap::Args)]
pub(super) struct Args {
    /// The name of the object
    key: String,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) async fn run(self, store: &Store) -> Done {
        let meta = store.stat(&self.key.parse()?).await?;
        let modified = meta.modified.map(time);
        if self.json {
            let value = serde_json::json!({
                "name": meta.name, "size": meta.size, "etag": meta.etag, "modified": modified,
                "content_type": meta.content_type, "sha256": meta.sha256,
                "metadata": meta.metadata,
            });
            return Ok(print(&[value.to_string()]));
        }
        let mut lines = vec![format!("size: {}", meta.size)];
        let mut line = |name: &str, value: Option<String>| {
            lines.extend(value.map(|value| format!("{name}: {value}")));
        };
        line("etag", meta.etag);
        line("modified", modified);
        line("type", meta.content_type);
        line("sha256", meta.sha256);
        for (name, value) in meta.metadata {
            line(&format!("meta {name}"), Some(value));
        }
        Ok(print(&lines))
    }
}
