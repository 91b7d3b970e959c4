//! One attempt to connect: name, TCP, TLS, and HTTP/2 up to the server's settings.

use std::{
    collections::VecDeque, future::poll_fn, io, net::SocketAddr, pin::Pin, task::Poll,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use h2::client::{self, SendRequest};
use http::uri::Authority;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::sleep,
};

use crate::address::Address;

/// The next address is tried after this time, too, as gRFC A61 has it.
const RACE: Duration = Duration::from_millis(250);

/// Data that is not acknowledged for this time ends a connection.
const USER_TIMEOUT: Duration = Duration::from_secs(20);

const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// The largest headers of an answer.
const MAX_HEADERS: u32 = 64 << 10;

/// A connection, whatever it is made of.
pub(super) type Connection = client::Connection<Io, Bytes>;

type Io = Box<dyn Duplex>;

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Makes connections.
#[derive(Debug, Default)]
pub(crate) struct Connector {
    /// What requests name, if that is not the address.
    pub(crate) host: Option<Authority>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<std::sync::Arc<Tls>>,
}

/// Certificates, and whom to trust.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) certificates: carml_tls::Client,
    /// The host of the address if absent.
    pub(crate) server_name: Option<String>,
}

/// A connection that is ready for calls.
pub(super) struct Established {
    pub(super) send: SendRequest<Bytes>,
    pub(super) connection: Connection,
    pub(super) address: Address,
    pub(super) authority: Authority,
    pub(super) peer: Option<SocketAddr>,
}

impl Connector {
    /// Connects to the first of these addresses that accepts.
    pub(super) async fn connect(&self, addresses: &[Address]) -> Result<Established, String> {
        let mut waiting = VecDeque::new();
        let mut error = "it has no address".to_owned();
        for address in addresses {
            match resolve(address).await {
                Ok(found) => waiting.extend(found.into_iter().map(|peer| (address, peer))),
                Err(why) => error = format!("{address}: {why}"),
            }
        }
        let mut attempts = FuturesUnordered::new();
        loop {
            if let Some((address, peer)) = waiting.pop_front() {
                attempts.push(async move {
                    let established = self.establish(address, peer).await;
                    established.map_err(|error| format!("{address}: {error}"))
                });
            }
            tokio::select! {
                ended = attempts.next() => match ended {
                    Some(Ok(established)) => return Ok(established),
                    Some(Err(why)) => error = why,
                    None => return Err(error),
                },
                () = sleep(RACE), if !waiting.is_empty() => {}
            }
        }
    }

    async fn establish(
        &self,
        address: &Address,
        peer: Option<SocketAddr>,
    ) -> Result<Established, String> {
        let io: Io = match (address, peer) {
            #[cfg(unix)]
            (Address::Unix(path), _) => Box::new(
                tokio::net::UnixStream::connect(path)
                    .await
                    .map_err(|error| error.to_string())?,
            ),
            (_, Some(peer)) => Box::new(tcp(peer).await.map_err(|error| error.to_string())?),
            _ => return Err("sockets in the file system are not on this system".to_owned()),
        };
        #[cfg(feature = "tls")]
        let io = match &self.tls {
            Some(tls) => tls.handshake(address, io).await?,
            None => io,
        };
        let mut builder = client::Builder::new();
        builder
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEADERS)
            // None until the server says how many it allows.
            .initial_max_send_streams(0);
        let (send, mut connection) = builder
            .handshake(io)
            .await
            .map_err(|error| error.to_string())?;
        poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.to_string())),
            Poll::Ready(Ok(())) => Poll::Ready(Err("closed before it was ready".to_owned())),
            Poll::Pending if send.current_max_send_streams() > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        })
        .await?;
        let own = match address {
            Address::Network(address) => Authority::try_from(&**address).ok(),
            Address::Unix(_) => None,
        };
        let authority = self.host.clone().or(own);
        Ok(Established {
            send,
            connection,
            address: address.clone(),
            authority: authority.unwrap_or_else(|| Authority::from_static("localhost")),
            peer,
        })
    }
}

#[cfg(feature = "tls")]
impl Tls {
    async fn handshake(&self, address: &Address, io: Io) -> Result<Io, String> {
        use carml_tls::rustls::pki_types::ServerName;

        let host = match (&self.server_name, address) {
            (Some(name), _) => name,
            (None, Address::Network(address)) => host(address),
            (None, Address::Unix(_)) => "localhost",
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let connector = tokio_rustls::TlsConnector::from(self.certificates.current().await);
        let stream = connector
            .connect(name, io)
            .await
            .map_err(|error| error.to_string())?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err("the server does not offer HTTP/2 by ALPN".to_owned());
        }
        Ok(Box::new(stream))
    }
}

/// The host of `host:port`, without brackets.
#[cfg(feature = "tls")]
pub(crate) fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// The addresses of a name, IPv6 and IPv4 in turn.
async fn resolve(address: &Address) -> io::Result<Vec<Option<SocketAddr>>> {
    let Address::Network(name) = address else {
        return Ok(vec![None]);
    };
    let found = tokio::net::lookup_host(&**name).await?;
    let (v6, v4): (Vec<_>, Vec<_>) = found.partition(SocketAddr::is_ipv6);
    let mut in_turn = Vec::with_capacity(v6.len() + v4.len());
    let (mut v6, mut v4) = (v6.into_iter(), v4.into_iter());
    loop {
        let before = in_turn.len();
        in_turn.extend(v6.next().map(Some));
        in_turn.extend(v4.next().map(Some));
        if in_turn.len() == before {
            return Ok(in_turn);
        }
    }
}

async fn tcp(peer: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(peer).await?;
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    Ok(stream)
}
