//! The certificates of a client, and whom it trusts.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use carml_config::model::ClientTls;
use carml_tls_client::{Identity, Roots};
use rustls::ClientConfig;
use tokio::task::spawn_blocking;

use crate::{
    certificate,
    files::{File, Files, Material},
    refusal::{Refusal, Refusals},
};

/// What a client's handshakes use.
///
/// The files are read for each new connection. What cannot be used is logged, and what was read
/// before stays.
pub struct Client {
    config: ClientTls,
    ready: Mutex<Ready>,
}

struct Ready {
    files: Files,
    config: Arc<ClientConfig>,
}

impl Client {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn open(config: &ClientTls) -> Result<Self, Refusals> {
        let files = Files::of_client(config);
        let ready = client_config(&files)?;
        Ok(Self {
            config: config.clone(),
            ready: Mutex::new(Ready {
                files,
                config: Arc::new(ready),
            }),
        })
    }

    /// For a new handshake, with what the files have now.
    pub async fn current(&self) -> Arc<ClientConfig> {
        let config = self.config.clone();
        let files = spawn_blocking(move || Files::of_client(&config)).await.ok();
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = files.filter(|files| *files != ready.files) {
            match client_config(&files) {
                Ok(config) => {
                    tracing::info!("the certificates of a client are replaced");
                    ready.config = Arc::new(config);
                }
                Err(refusals) => {
                    tracing::error!("the certificates of a client are not replaced: {refusals}");
                }
            }
            // What is wrong is reported once.
            ready.files = files;
        }
        Arc::clone(&ready.config)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Checks the files as a whole.
fn client_config(files: &Files) -> Result<ClientConfig, Refusals> {
    let roots = match &files.authority {
        Some(authority) => authority.file().and_then(authorities),
        None => system_authorities(),
    };
    let own = match (&files.certificate, &files.key) {
        (Some(certificate), Some(key)) => {
            let chain = certificate.file().and_then(|file| {
                let chain = certificate::certificates(file)?;
                certificate::valid_until(file, &chain[0], SystemTime::now())?;
                Ok(chain)
            });
            match (chain, key.file().and_then(certificate::key)) {
                (Ok(chain), Ok(key)) => Ok(Some(Identity { chain, key })),
                (chain, key) => Err([chain.err(), key.err()]),
            }
        }
        _ => Ok(None),
    };
    let (roots, own) = match (roots, own) {
        (Ok(roots), Ok(own)) => (roots, own),
        (roots, own) => {
            let own = own.err().into_iter().flatten();
            return Err(Refusals(own.chain([roots.err()]).flatten().collect()));
        }
    };
    let refusal = |error: carml_tls_client::Error| {
        Refusals(vec![Refusal {
            key: files.key.as_ref().map_or("key_file", Material::key),
            message: error.to_string(),
            help:
                "name the files of one pair; the client's own certificate is the first of its file"
                    .to_owned(),
        }])
    };
    let mut client = carml_tls_client::config(roots, own).map_err(refusal)?;
    client.alpn_protocols = vec![b"h2".to_vec()];
    Ok(client)
}

fn authorities(file: File<'_>) -> Result<Roots, Refusal> {
    let mut roots = Roots::none();
    for authority in certificate::certificates(file)? {
        roots.add(authority).map_err(|error| {
            let message = format!("`{}`: {error}", file.name);
            file.refusal(
                message,
                "name the certificate of the authority that signs those of the service",
            )
        })?;
    }
    Ok(roots)
}

/// The authorities that the system trusts.
pub(crate) fn system_authorities() -> Result<Roots, Refusal> {
    let roots = Roots::system();
    if roots.is_empty() {
        return Err(Refusal {
            key: "ca_file",
            message: "this system has no certificates of authorities".to_owned(),
            help: "add `ca_file`, the certificate of the authority, or install `ca-certificates`"
                .to_owned(),
        });
    }
    Ok(roots)
}
