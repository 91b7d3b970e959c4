//! Which store: a file, or one that is served.

use std::{path::PathBuf, time::Duration};

use carml_kv_service::KvClient;
use carml_runtime::{
    config::model::Registry,
    kv::{self, Error, Kv},
};

/// How long one call on a served store may take.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub(super) struct Choice {
    /// The file of the store; created if it does not exist
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    /// The address of a served store; ignored with `--file`
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CARML_KV_SERVER",
        default_value = "http://127.0.0.1:50051"
    )]
    server: String,
}

impl Choice {
    /// What to do if the store cannot be reached.
    pub(super) fn help(&self) -> Option<String> {
        let served = format!(
            "; is `carml kv serve` running at {}? --server names another address, --file a file",
            self.server
        );
        self.file.is_none().then_some(served)
    }

    pub(super) async fn open(self) -> Result<Kv, Error> {
        match self.file {
            None => Ok(Kv::new(KvClient::new(&self.server)?, TIMEOUT)),
            Some(file) => {
                let path = file.display().to_string();
                kv::open(&Registry {
                    path,
                    ..Registry::default()
                })
                .await
            }
        }
    }
}
