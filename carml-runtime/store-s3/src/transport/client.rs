//! The HTTP client: TLS, timeouts, no redirects.

use std::time::Duration;

use carml_store::{Error, ErrorKind};
use carml_tls_client::{Roots, rustls::ClientConfig};

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

/// TLS with the certificates of the config or the system. A system without any can still use plain
/// HTTP.
fn tls(certificate: Option<&[u8]>) -> Result<ClientConfig, Error> {
    let roots = certificate.map_or_else(|| Ok(Roots::system()), Roots::of_pem);
    let config = roots.and_then(|roots| carml_tls_client::config(roots, None));
    config.map_err(|error| refused(&format!("`certificate`: {error}")))
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, "open", why)
}
