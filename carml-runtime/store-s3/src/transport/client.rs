//! The HTTP client: TLS, timeouts, no redirects.

use std::{sync::Arc, time::Duration};

use carml_store::{Error, ErrorKind};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use crate::{Options, Retry};

/// One for all requests of a store: it keeps connections.
pub(crate) struct Client {
    pub(super) http: reqwest::Client,
    pub(super) timeout: Duration,
    pub(super) retry: Retry,
}

impl Client {
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(options.certificate.as_deref())?)
            .connect_timeout(options.connect_timeout)
            // A redirect is the sign of a wrong region or address, and would lose the signature.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .build()
            .map_err(|error| refused(&error.to_string()))?;
        Ok(Self {
            http,
            timeout: options.timeout,
            retry: options.retry,
        })
    }
}

/// TLS with ring, and with the certificates of the config or the system.
fn tls(certificate: Option<&[u8]>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    match certificate {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| refused(&error.to_string()))?;
                let added = roots.add(certificate);
                added.map_err(|error| refused(&error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(refused("`certificate` has no certificate"));
            }
        }
        // A system without any can still use plain HTTP.
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&error.to_string()))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, "open", why)
}
