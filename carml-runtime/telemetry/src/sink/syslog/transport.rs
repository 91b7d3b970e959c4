//! How messages get to the server.

use std::{future::poll_fn, io, path::PathBuf, pin::Pin, sync::Arc, task::Poll, time::Duration};

use carml_config::model;
use carml_tls_client::rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::{TcpStream, UdpSocket, UnixDatagram},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::format::Format;
use crate::{Error, tls};

/// How long a connection, or one write, may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What any receiver of UDP takes (RFC 5426), and more than that elsewhere.
const MAX_UDP: usize = 2048;
const MAX: usize = 8 << 10;

pub(super) struct Transport {
    target: Target,
    connection: Option<Connection>,
}

enum Target {
    Local(PathBuf),
    Udp(String),
    Tcp(String),
    Tls {
        address: String,
        name: ServerName<'static>,
        connector: TlsConnector,
    },
}

enum Connection {
    Local(UnixDatagram),
    Udp(UdpSocket),
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    pub(super) fn new(settings: &model::Syslog) -> Result<Self, Error> {
        const WHAT: &str = "the log hook `syslog`";
        let target = match &settings.endpoint {
            None => Target::Local(settings.socket.clone().into()),
            Some(endpoint) => match endpoint.scheme() {
                Some("tcp") => Target::Tcp(endpoint.with_port(601)),
                Some("tls") => {
                    let name = ServerName::try_from(endpoint.host().to_owned());
                    let config = tls::client(WHAT, settings.ca_cert.as_ref())?;
                    Target::Tls {
                        address: endpoint.with_port(6514),
                        name: name.map_err(|error| Error::new(WHAT, error))?,
                        connector: Arc::new(config).into(),
                    }
                }
                None | Some("udp") => Target::Udp(endpoint.with_port(514)),
                Some(scheme) => {
                    let reason =
                        format!("expected `udp://`, `tcp://` or `tls://`, found `{scheme}://`");
                    return Err(Error::new(WHAT, reason));
                }
            },
        };
        Ok(Self {
            target,
            connection: None,
        })
    }

    pub(super) fn format(&self) -> Format {
        match self.target {
            Target::Local(_) => Format::Local { max: MAX },
            Target::Udp(_) => Format::Rfc5424 { max: MAX_UDP },
            Target::Tcp(_) | Target::Tls { .. } => Format::Rfc5424 { max: MAX },
        }
    }

    /// Whether each message is written alone.
    pub(super) fn is_datagram(&self) -> bool {
        matches!(self.target, Target::Local(_) | Target::Udp(_))
    }

    /// Adds a message as the transport separates it: RFC 6587's octet counting in a stream.
    pub(super) fn frame(&self, frames: &mut Vec<u8>, message: &[u8]) {
        if !self.is_datagram() {
            frames.extend_from_slice(message.len().to_string().as_bytes());
            frames.push(b' ');
        }
        frames.extend_from_slice(message);
    }

    /// Connects, if there is no connection, or the server has closed it.
    pub(super) async fn connect(&mut self) -> Result<(), String> {
        let is_closed = match &mut self.connection {
            Some(Connection::Tcp(stream)) => is_closed(stream).await,
            Some(Connection::Tls(stream)) => is_closed(stream).await,
            Some(Connection::Local(_) | Connection::Udp(_)) | None => false,
        };
        if is_closed || self.connection.is_none() {
            self.connection = None;
            let connected = within(self.target.connect()).await;
            self.connection = Some(connected.map_err(|error| self.failed(&error))?);
        }
        Ok(())
    }

    /// Writes frames, or one message.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Some(connection) = &mut self.connection else {
            return Err("there is no connection".to_owned());
        };
        let written = within(async {
            match connection {
                Connection::Local(socket) => socket.send(bytes).await.map(drop),
                Connection::Udp(socket) => socket.send(bytes).await.map(drop),
                Connection::Tcp(stream) => write_all(stream, bytes).await,
                Connection::Tls(stream) => write_all(stream, bytes).await,
            }
        });
        written.await.map_err(|error| {
            self.connection = None;
            self.failed(&error)
        })
    }

    fn failed(&self, error: &io::Error) -> String {
        match &self.target {
            Target::Local(path) => format!("{}: {error}", path.display()),
            Target::Udp(address) => format!("udp://{address}: {error}"),
            Target::Tcp(address) => format!("tcp://{address}: {error}"),
            Target::Tls { address, .. } => format!("tls://{address}: {error}"),
        }
    }
}

impl Target {
    async fn connect(&self) -> io::Result<Connection> {
        Ok(match self {
            Self::Local(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                Connection::Local(socket)
            }
            Self::Udp(address) => {
                let server = tokio::net::lookup_host(address).await?.next();
                let server = server.ok_or(io::ErrorKind::NotFound)?;
                let any = if server.is_ipv4() {
                    "0.0.0.0:0"
                } else {
                    "[::]:0"
                };
                let socket = UdpSocket::bind(any).await?;
                socket.connect(server).await?;
                Connection::Udp(socket)
            }
            Self::Tcp(address) => Connection::Tcp(TcpStream::connect(address).await?),
            Self::Tls {
                address,
                name,
                connector,
            } => {
                let stream = TcpStream::connect(address).await?;
                let stream = connector.connect(name.clone(), stream).await?;
                Connection::Tls(Box::new(stream))
            }
        })
    }
}

/// Whether the server has closed the connection. A write would succeed all the same, once, and what
/// it wrote would be lost. Nothing is ever answered, so what can be read is the end.
async fn is_closed(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut byte = [0];
    let mut buffer = ReadBuf::new(&mut byte);
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *stream).poll_read(cx, &mut buffer).is_ready())).await
}

async fn write_all(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

async fn within<T>(operation: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(TIMEOUT, operation)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
