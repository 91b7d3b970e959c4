//! One server: how it is reached, and why it is not.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use carml_kv::client::{Tls, address};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use super::{relay, tls};

/// A connection to a server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where a server is.
pub(super) struct Target {
    host: String,
    port: u16,
    tls: Option<tls::Connector>,
}

impl Target {
    /// Connects, with TLS if it is configured.
    pub(super) async fn open(&self) -> Result<Box<dyn Stream>, String> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let resolved = tokio::net::lookup_host((host, self.port)).await;
        let addresses: Vec<SocketAddr> = resolved
            .map_err(|e| format!("the name `{host}` does not resolve: {e}"))?
            .collect();
        let stream = TcpStream::connect(&*addresses).await;
        let stream = stream.map_err(|e| format!("cannot connect: {e}"))?;
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some(tls) => match tls.connect(host, stream).await {
                Ok(stream) => Ok(Box::new(stream)),
                Err(e) => Err(format!("the TLS handshake failed: {e}")),
            },
        }
    }
}

/// One server of the ensemble.
pub(super) struct Endpoint {
    /// `host:port`, for messages.
    pub(super) name: String,
    target: Arc<Target>,
    /// What the client library connects to.
    pub(super) connect: String,
    _relay: Option<AbortOnDropHandle<()>>,
}

impl Endpoint {
    /// The client library would bring a second TLS implementation, so TLS is added by a relay in this
    /// process, which only passes on connections that know `credentials`.
    pub(super) async fn new(
        text: &str,
        tls: Option<&Tls>,
        credentials: Option<&[u8]>,
    ) -> Result<Endpoint, String> {
        let uri = address(text, tls.is_some(), Some(2181))?;
        let encrypted = uri.scheme_str() == Some("https");
        let (host, port) = (
            uri.host().unwrap_or_default(),
            uri.port_u16().unwrap_or(2181),
        );
        let connector = match (encrypted, tls) {
            (false, _) => None,
            (true, Some(tls)) => Some(tls::Connector::new(tls)?),
            (true, None) => {
                return Err(format!(
                    "the endpoint `{text}` is encrypted: `certificate` must name the authority that \
                     signs the server's certificate"
                ));
            }
        };
        let name = format!("{host}:{port}");
        let target = Arc::new(Target {
            host: host.to_owned(),
            port,
            tls: connector,
        });
        let (connect, relay) = match credentials.filter(|_| encrypted) {
            None => (format!("tcp://{name}"), None),
            Some(credentials) => {
                let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
                let listener = bound.map_err(|e| format!("no loopback port is free: {e}"))?;
                let local = listener.local_addr().map_err(|e| e.to_string())?;
                let serving = relay::serve(listener, target.clone(), credentials.into());
                let relay = AbortOnDropHandle::new(tokio::spawn(serving));
                (format!("tcp://{local}"), Some(relay))
            }
        };
        Ok(Endpoint {
            name,
            target,
            connect,
            _relay: relay,
        })
    }

    /// Why no session can be opened with this server, if that can be told.
    pub(super) async fn problem(&self, limit: Duration) -> Option<String> {
        match timeout(limit, self.ask()).await {
            Ok(Ok(())) => None,
            Ok(Err(why)) => Some(why),
            Err(_) => Some("the server does not answer".to_owned()),
        }
    }

    /// Asks for the server's state with one of ZooKeeper's four-letter words.
    async fn ask(&self) -> Result<(), String> {
        let mut stream = self.target.open().await?;
        let told = async {
            stream.write_all(b"srvr").await?;
            stream.flush().await?;
            let mut answer = Vec::new();
            let mut limited = (&mut stream).take(4096);
            match limited.read_to_end(&mut answer).await {
                // A server may close without the end of TLS.
                Err(e) if answer.is_empty() => Err(e),
                _ => Ok(answer),
            }
        };
        let answer: io::Result<Vec<u8>> = told.await;
        let answer = answer.map_err(|e| format!("the server closed the connection: {e}"))?;
        verdict(&String::from_utf8_lossy(&answer))
    }
}

fn verdict(answer: &str) -> Result<(), String> {
    if answer.contains("not currently serving requests") {
        return Err("the server has no quorum".to_owned());
    }
    if answer.contains("Zookeeper version") || answer.contains("whitelist") {
        return Ok(());
    }
    Err(
        "the server does not answer like ZooKeeper; is it the right port, with or without TLS?"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_another_kind_is_recognized() {
        assert!(verdict("Zookeeper version: 3.8.0\nMode: leader\n").is_ok());
        assert!(verdict("srvr is not executed because it is not in the whitelist.\n").is_ok());
        for other in ["", "HTTP/1.1 400 Bad Request"] {
            assert!(verdict(other).unwrap_err().contains("right port"));
        }
        let idle = "This ZooKeeper instance is not currently serving requests\n";
        assert!(verdict(idle).unwrap_err().contains("quorum"));
    }

    #[tokio::test]
    async fn an_encrypted_endpoint_needs_an_authority() {
        let why = Endpoint::new("https://db", None, None).await.err().unwrap();
        assert!(why.contains("`certificate`"), "{why}");
        let plain = Endpoint::new("[::1]", None, None).await.unwrap();
        assert_eq!(plain.connect, "tcp://[::1]:2181");
    }
}
