//! Where a server accepts connections.

use std::{fmt, io, net::SocketAddr};

use tokio::net::{TcpListener, TcpStream};

/// A bound address.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Binds `ip:port` or `host:port`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn bind(address: &str) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        // Without it a small message waits for the one before it to be acknowledged.
        stream.set_nodelay(true)?;
        Ok((stream, peer))
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self(listener)
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.local_addr() {
            Ok(address) => address.fmt(f),
            Err(_) => f.write_str("an unknown address"),
        }
    }
}
