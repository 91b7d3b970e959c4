//! A section of the config that a Rust struct describes: names, docs, defaults and limits.

use std::{process::ExitCode, time::Duration};

use carml_runtime::{
    App, ConfigSection, carml_service,
    config::{self, ByteSize, Config},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tonic::Status;

carml_runtime::include_generated!();

use proto::notes::v1::{AddReply, AddRequest, Notes, NotesServer};

/// What the notes service itself reads.
#[derive(Debug, Deserialize, Serialize, JsonSchema, ConfigSection)]
#[serde(default)]
#[carml(section = "notes")]
struct Settings {
    /// The largest note.
    max_size: ByteSize,
    /// How long storing one note may take.
    deadline: config::Duration,
    /// How many notes are stored at the same time.
    #[schemars(range(min = 1, max = 1000))]
    writers: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_size: ByteSize::new(4_000),
            deadline: config::Duration::new(Duration::from_secs(5)),
            writers: 4,
        }
    }
}

struct Service {
    settings: Settings,
    writers: tokio::sync::Semaphore,
}

#[carml_service]
impl Notes for Service {
    async fn add(&self, request: AddRequest) -> Result<AddReply, Status> {
        let bytes = request.text.len() as u64;
        let max = self.settings.max_size;
        if bytes > max.bytes() {
            let why = format!("the note has {bytes} bytes, the limit is {max}");
            return Err(Status::invalid_argument(why));
        }
        let turn = tokio::time::timeout(self.settings.deadline.get(), self.writers.acquire());
        let _permit = turn
            .await
            .map_err(|_| Status::unavailable("too many writers"))?;
        Ok(AddReply { bytes })
    }
}

fn configure(app: App<Config>) -> App<Config> {
    app.section::<Settings>().service(|context| {
        let settings: Settings = context.section()?;
        let writers = tokio::sync::Semaphore::new(settings.writers as usize);
        Ok(Service { settings, writers })
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    configure(App::from_args()).run().await
}

#[cfg(test)]
mod tests;
