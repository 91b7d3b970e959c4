//! Requests to one of several servers over HTTP/1.1.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};

use carml_config::{Base64, Endpoint};

use crate::{Error, tls};

/// How long a request may take, with its connection.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How much of an answer is read.
const MAX_ANSWER: usize = 8 << 20;

/// A client of one of these servers, until that one fails: then of the next.
pub(crate) struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// `scheme://host:port`
    servers: Vec<String>,
    current: usize,
    authorization: Option<HeaderValue>,
}

impl Client {
    /// Servers without a scheme are spoken to over TLS if an authority is given.
    pub(crate) fn new(
        what: &'static str,
        endpoints: &[Endpoint],
        port: u16,
        ca_cert: Option<&Base64>,
        authorization: Option<HeaderValue>,
    ) -> Result<Self, Error> {
        let default = if ca_cert.is_some() { "https" } else { "http" };
        let server = |endpoint: &Endpoint| {
            let scheme = endpoint.scheme().unwrap_or(default);
            // A URL without a port has the port of its scheme.
            let port = match (endpoint.scheme(), endpoint.port()) {
                (_, Some(port)) => port,
                (Some("https"), None) => 443,
                (Some(_), None) => 80,
                (None, None) => port,
            };
            format!("{scheme}://{}", endpoint.with_port(port))
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client(what, ca_cert)?)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            pool: Pool::builder(TokioExecutor::new()).build(connector),
            servers: endpoints.iter().map(server).collect(),
            current: 0,
            authorization,
        })
    }

    /// Sends a compressed body. An error is one of the connection, or of no answer in time.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        content_type: &'static str,
        body: &[u8],
    ) -> Result<(StatusCode, Bytes), String> {
        let Some(server) = self.servers.get(self.current) else {
            return Err("no server is configured".to_owned());
        };
        let mut request = Request::post(format!("{server}{path}"))
            .header(header::CONTENT_TYPE, content_type)
            .header(header::CONTENT_ENCODING, "gzip");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let body = compressed(body).map_err(|error| error.to_string())?;
        let request = request
            .body(Full::new(body.into()))
            .map_err(|error| error.to_string())?;
        let exchange = async {
            let answer = self
                .pool
                .request(request)
                .await
                .map_err(|error| chain(&error))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await;
            let body = body.map_err(|error| chain(&*error))?;
            Ok((head.status, body.to_bytes()))
        };
        let answer = tokio::time::timeout(TIMEOUT, exchange).await;
        let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {TIMEOUT:?}")));
        if answer
            .as_ref()
            .map_or(true, |(status, _)| status.is_server_error())
        {
            let failed = self.current;
            self.current = (failed + 1) % self.servers.len();
            return answer.map_err(|error| format!("{}: {error}", self.servers[failed]));
        }
        answer
    }
}

fn compressed(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body)?;
    gzip.finish()
}

/// An error and its causes.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// The beginning of an answer, for a message.
pub(crate) fn excerpt(answer: &[u8]) -> String {
    const MAX: usize = 300;
    String::from_utf8_lossy(&answer[..answer.len().min(MAX)]).into_owned()
}
