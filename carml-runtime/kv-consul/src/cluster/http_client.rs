//! The HTTP client: connections that are used again, and TLS of rustls with ring.

use std::time::Duration;

use bytes::Bytes;
use carml_kv::{Error, ErrorKind, client::Tls};
use carml_tls_client::{Identity, Roots, rustls::ClientConfig};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
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
    let Some(tls) = tls else {
        let unused = carml_tls_client::config(Roots::none(), None);
        return unused.map_err(|error| error.to_string());
    };
    tls.check()?;
    let made = || {
        let roots = match &tls.authority {
            Some(pem) => Roots::of_pem(pem)?,
            None => Roots::system(),
        };
        let identity = tls.identity.as_ref();
        let identity = identity.map(|(certificate, key)| Identity::of_pem(certificate, key));
        carml_tls_client::config(roots, identity.transpose()?)
    };
    made().map_err(|error: carml_tls_client::Error| error.to_string())
}
