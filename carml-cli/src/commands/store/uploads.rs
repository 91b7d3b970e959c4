//! `carml store uploads`.

use carml_runtime::{config::Duration, store::Store};

use super::{Done, escaped, list::time, print};

/// List or abort incomplete uploads: time of the start, id, name
///
/// A process that is killed while it writes a large object leaves its parts on the service, where
/// they use space. Uploads that are still running are listed too, so abort only old ones.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Abort the uploads, and print those that were aborted
    #[arg(long, requires = "older_than")]
    abort: bool,

    /// Only those that began longer ago than this, such as 1d
    #[arg(long, value_name = "TIME")]
    older_than: Option<Duration>,
}

impl Args {
    pub(super) async fn run(self, store: &Store) -> Done {
        let age = self.older_than.map(Duration::get).unwrap_or_default();
        let uploads = match self.abort {
            true => store.abort_uploads(age).await?,
            false => store.uploads().await?,
        };
        let now = std::time::SystemTime::now();
        let is_old =
            |started: std::time::SystemTime| now.duration_since(started).unwrap_or_default() >= age;
        let listed = uploads
            .into_iter()
            .filter(|upload| self.abort || upload.started.is_none_or(is_old));
        let lines: Vec<String> = listed
            .map(|upload| {
                let started = upload.started.map_or_else(|| "-".to_owned(), time);
                format!("{started:20} {} {}", upload.id, escaped(&upload.name))
            })
            .collect();
        Ok(print(&lines))
    }
}
