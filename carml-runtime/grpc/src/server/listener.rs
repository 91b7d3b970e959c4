//! Where a server accepts connections.

use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use carml_config::ListenAddress;
use tokio::net::TcpListener;
#[cfg(unix)]
use {super::socket::Socket, tokio::net::UnixListener};

use super::{connection::Peer, io::Io};

/// A bound address.
#[derive(Debug)]
pub struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, Socket),
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// An address of this machine.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Address {
    /// The address of the network, if it is one.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

impl Listener {
    /// Binds `ip:port`, `host:port` or `unix:///path`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn bind(address: &str) -> io::Result<Self> {
        match ListenAddress::of(address) {
            ListenAddress::Network(address) => Ok(TcpListener::bind(address).await?.into()),
            ListenAddress::Unix(path) => Self::bind_unix(path),
        }
    }

    #[cfg(unix)]
    fn bind_unix(path: &Path) -> io::Result<Self> {
        let (listener, socket) = Socket::bind(path)?;
        Ok(Self(Kind::Unix(listener, socket)))
    }

    #[cfg(not(unix))]
    fn bind_unix(_: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn address(&self) -> io::Result<Address> {
        match &self.0 {
            Kind::Tcp(listener) => listener.local_addr().map(Address::Tcp),
            #[cfg(unix)]
            Kind::Unix(_, socket) => Ok(Address::Unix(socket.path().to_owned())),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<(Io, Peer)> {
        match &self.0 {
            Kind::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Without it a small message waits for the one before it to be acknowledged.
                stream.set_nodelay(true)?;
                let peer = Peer::tcp(stream.local_addr().ok(), peer);
                Ok((Box::new(stream), peer))
            }
            #[cfg(unix)]
            Kind::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), Peer::local()))
            }
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self(Kind::Tcp(listener))
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Ok(address) => address.fmt(f),
            Err(_) => f.write_str("an unknown address"),
        }
    }
}
