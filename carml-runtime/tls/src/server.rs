//! The certificates of a server, as their files change.

use std::{
    convert::Infallible,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use carml_config::model::ServerTls;
use rustls::ServerConfig;
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    files::Files,
    read::{self, Ready},
    refusal::Refusals,
};

/// How often the files are read. Kubernetes replaces the folder by a link to another one, which
/// watches of files do not see.
const INTERVAL: Duration = Duration::from_secs(10);

/// The certificates of a server.
///
/// New handshakes use what the files have, once it is read and is valid as a whole.
pub struct Server {
    config: ServerTls,
    ready: RwLock<Ready>,
}

impl Server {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn open(config: &ServerTls) -> Result<Self, Refusals> {
        let ready = read::ready(config, &Files::of_server(config))?;
        Ok(Self {
            config: config.clone(),
            ready: RwLock::new(ready),
        })
    }

    /// For a new handshake.
    pub fn current(&self) -> Arc<ServerConfig> {
        let ready = self.ready.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&ready.config)
    }

    /// When the server's certificate ends.
    pub fn valid_until(&self) -> SystemTime {
        let ready = self.ready.read().unwrap_or_else(PoisonError::into_inner);
        ready.valid_until
    }

    /// Reads the files again and again, and uses those that changed. What cannot be used is logged,
    /// and the certificates before it stay.
    pub async fn follow(self: Arc<Self>) -> Infallible {
        let mut known = None;
        loop {
            let this = Arc::clone(&self);
            let files = spawn_blocking(move || Files::of_server(&this.config))
                .await
                .ok();
            // The first time, they may have changed since the start.
            if files.is_some() && files != known {
                if let Some(files) = &files {
                    self.change(files, known.is_none());
                }
                known = files;
            }
            sleep(INTERVAL).await;
        }
    }

    fn change(&self, files: &Files, is_first: bool) {
        match read::ready(&self.config, files) {
            Ok(ready) => {
                *self.ready.write().unwrap_or_else(PoisonError::into_inner) = ready;
                if !is_first {
                    tracing::info!("the certificates of the server are replaced");
                }
            }
            Err(refusals) => {
                tracing::error!("the certificates of the server are not replaced: {refusals}");
            }
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
