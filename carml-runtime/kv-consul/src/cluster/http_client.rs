//! The HTTP client: connections that are used again, and TLS of rustls with ring.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use carml_kv::{Error, ErrorKind, client::Tls};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::PROVIDER;

pub(super) type HttpClient = Client<TimeoutConnector<HttpsConnector<HttpConnector>>, Full<Bytes>>;

/// How long a connection is kept that is not used.
const IDLE: Duration = Duration::from_secs(60);

/// `tls`: if a server needs it; `connect_timeout`: of connecting to one server, with the TLS
/// handshake.
pub(super) fn http_client(
    tls: Option<&Tls>,
    connect_timeout: Duration,
) -> Result<HttpClient, Error> {
    let tls = config(tls).map_err(|why| {
        Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER)
    })?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    let mut connector = TimeoutConnector::new(connector);
    connector.set_connect_timeout(Some(connect_timeout));
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build(connector);
    Ok(client)
}

fn config(tls: Option<&Tls>) -> Result<ClientConfig, String> {
    tls.map_or(Ok(()), Tls::check)?;
    let why = |e: &dyn std::fmt::Display| format!("the certificates cannot be used: {e}");
    let mut roots = RootCertStore::empty();
    match tls.map(|tls| &tls.authority) {
        Some(Some(pem)) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|e| why(&e))?;
                roots.add(certificate).map_err(|e| why(&e))?;
            }
        }
        Some(None) => {
            let system = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(system.certs);
        }
        None => {}
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| why(&e))?
        .with_root_certificates(roots);
    let Some((certificate, key)) = tls.and_then(|tls| tls.identity.as_ref()) else {
        return Ok(config.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| why(&e))?;
    let chain = chain.map_err(|e| why(&e))?;
    config
        .with_client_auth_cert(chain, key)
        .map_err(|e| why(&e))
}
