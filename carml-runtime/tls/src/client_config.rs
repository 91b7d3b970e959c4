//! The certificates of a client, and whom it trusts.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use carml_config::model::ClientTls;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::task::spawn_blocking;

use crate::{
    certificate,
    files::{File, Read, file, read},
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

/// What was read. Two that are equal make the same certificates.
#[derive(PartialEq, Eq)]
struct Files {
    authority: Option<Read>,
    certificate: Option<Read>,
    key: Option<Read>,
}

impl Client {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn open(config: &ClientTls) -> Result<Self, Refusals> {
        let files = Files::read(config);
        let ready = client_config(config, &files)?;
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
        let files = spawn_blocking(move || Files::read(&config)).await.ok();
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = files.filter(|files| *files != ready.files) {
            match client_config(&self.config, &files) {
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

impl Files {
    fn read(config: &ClientTls) -> Self {
        let read = |name: &Option<String>| name.as_deref().map(read);
        Self {
            authority: read(&config.ca_file),
            certificate: read(&config.cert_file),
            key: read(&config.key_file),
        }
    }
}

/// Checks the files as a whole.
fn client_config(config: &ClientTls, files: &Files) -> Result<ClientConfig, Refusals> {
    let roots = match (&config.ca_file, &files.authority) {
        (Some(name), Some(read)) => file("ca_file", name, read).and_then(authorities),
        _ => system_authorities(),
    };
    let own = match (&config.cert_file, &config.key_file) {
        (Some(certificate), Some(key)) => {
            let read = |read: &Option<Read>| read.clone().unwrap_or(Ok(Vec::new()));
            let (certificate_read, key_read) = (read(&files.certificate), read(&files.key));
            let chain = file("cert_file", certificate, &certificate_read).and_then(|file| {
                let chain = certificate::certificates(file)?;
                certificate::valid_until(file, &chain[0], SystemTime::now())?;
                Ok(chain)
            });
            let key = file("key_file", key, &key_read).and_then(certificate::key);
            match (chain, key) {
                (Ok(chain), Ok(key)) => Ok(Some((chain, key))),
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
    let refusal = |error: rustls::Error| {
        Refusals(vec![Refusal {
            key: "key_file",
            message: format!("the certificate and the key cannot be used together: {error}"),
            help:
                "name the files of one pair; the client's own certificate is the first of its file"
                    .to_owned(),
        }])
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(refusal)?
        .with_root_certificates(roots);
    let mut client = match own {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(refusal)?,
        None => builder.with_no_client_auth(),
    };
    client.alpn_protocols = vec![b"h2".to_vec()];
    Ok(client)
}

fn authorities(file: File<'_>) -> Result<RootCertStore, Refusal> {
    let mut roots = RootCertStore::empty();
    for authority in certificate::certificates(file)? {
        roots.add(authority).map_err(|error| {
            let message = format!("the authority in `{}` cannot be used: {error}", file.name);
            file.refusal(
                message,
                "name the certificate of the authority that signs those of the service",
            )
        })?;
    }
    Ok(roots)
}

/// The authorities that the system trusts.
pub(crate) fn system_authorities() -> Result<RootCertStore, Refusal> {
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err(Refusal {
            key: "ca_file",
            message: "this system has no certificates of authorities".to_owned(),
            help: "add `ca_file`, the certificate of the authority, or install `ca-certificates`"
                .to_owned(),
        });
    }
    Ok(roots)
}
