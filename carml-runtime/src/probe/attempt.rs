//! One try to reach an endpoint.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use carml_grpc::health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use http::{HeaderValue, Request, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;
use tonic::Code;

use crate::{
    client::Channel,
    config::{Probe, ProbeKind},
};

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("carml/", env!("CARGO_PKG_VERSION")));

/// The longest head of an answer.
const MAX_HEAD: usize = 16 << 10;

/// How one endpoint is tried.
pub(super) struct Attempt {
    probe: Probe,
    timeout: Duration,
    tls: Tls,
}

impl Attempt {
    /// One for each probe.
    pub(super) fn all(probes: Vec<Probe>, timeout: Duration) -> Vec<Self> {
        let is_https = probes.iter().any(|probe| probe.kind == ProbeKind::Https);
        let tls = Tls::new(is_https);
        let of = |probe| Self {
            probe,
            timeout,
            tls: tls.clone(),
        };
        probes.into_iter().map(of).collect()
    }

    /// Tries the endpoint. An error is why it is not up.
    pub(super) async fn run(&self) -> Result<(), String> {
        let tried = timeout(self.timeout, self.connect()).await;
        tried.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.timeout)))
    }

    async fn connect(&self) -> Result<(), String> {
        let probe = &self.probe;
        if probe.kind == ProbeKind::Grpc {
            return serving(&probe.address).await;
        }
        let stream = TcpStream::connect(&probe.address)
            .await
            .map_err(|error| causes(&error))?;
        match probe.kind {
            ProbeKind::Http => get(stream, probe).await,
            ProbeKind::Https => get(self.tls.handshake(stream, probe).await?, probe).await,
            ProbeKind::Tcp | ProbeKind::Grpc => Ok(()),
        }
    }
}

/// Whom an `https://` endpoint is trusted for.
#[cfg(feature = "tls")]
#[derive(Clone)]
struct Tls(Option<Result<tokio_rustls::TlsConnector, String>>);

#[cfg(feature = "tls")]
impl Tls {
    fn new(is_needed: bool) -> Self {
        let connector = || carml_tls::http().map(|config| std::sync::Arc::new(config).into());
        Self(is_needed.then(connector))
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        probe: &Probe,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
        use carml_tls::rustls::pki_types::ServerName;

        let none = || Err("there are no certificates".to_owned());
        let connector = self.0.clone().unwrap_or_else(none)?;
        let name = ServerName::try_from(probe.host.clone()).map_err(|error| causes(&error))?;
        connector
            .connect(name, stream)
            .await
            .map_err(|error| causes(&error))
    }
}

/// The check of the config refuses `https://` in a build without the feature.
#[cfg(not(feature = "tls"))]
#[derive(Clone)]
struct Tls;

#[cfg(not(feature = "tls"))]
impl Tls {
    fn new(_is_needed: bool) -> Self {
        Self
    }

    async fn handshake(&self, _: TcpStream, _: &Probe) -> Result<TcpStream, String> {
        Err("TLS is not in this build".to_owned())
    }
}

/// Asks for the page, and reads no more than the status. Redirects are not followed.
async fn get<I>(io: I, probe: &Probe) -> Result<(), String>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut send, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(io))
        .await
        .map_err(|error| causes(&error))?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let request = Request::get(&probe.path)
        .header(header::HOST, &probe.authority)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| causes(&error))?;
    let answer = send
        .send_request(request)
        .await
        .map_err(|error| causes(&error))?;
    match answer.status().as_u16() {
        200..=399 => Ok(()),
        status => Err(format!("it answers with status {status}")),
    }
}

/// Asks for the health of the whole server. The connection is a new one, so that one that hangs does
/// not stand for the server.
async fn serving(address: &str) -> Result<(), String> {
    let channel = Channel::to(&format!("dns:///{address}")).map_err(|error| causes(&error))?;
    let answer = HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await
        .map_err(|status| match status.code() {
            Code::Unimplemented => "it does not serve grpc.health.v1".to_owned(),
            _ => status.message().to_owned(),
        })?;
    match answer.get_ref().status() {
        ServingStatus::Serving => Ok(()),
        other => Err(format!("it reports {}", other.as_str_name())),
    }
}

/// An error with its causes.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
