//! The TLS handshake of a connection.

use std::{io, sync::Arc};

use carml_tls::ClientCertificate;
use tokio_rustls::TlsAcceptor;

use super::{connection::Peer, io::Io};

/// HTTP/2, as ALPN names it.
const HTTP2: &[u8] = b"h2";

/// Makes the connection one of TLS, with what the server's files have now.
pub(super) async fn handshake(
    server: &carml_tls::Server,
    io: Io,
    mut peer: Peer,
) -> io::Result<(Io, Peer)> {
    let stream = TlsAcceptor::from(server.current()).accept(io).await?;
    let (_, session) = stream.get_ref();
    if session.alpn_protocol() != Some(HTTP2) {
        return Err(io::Error::other("the client does not ask for `h2` by ALPN"));
    }
    let certificate = session.peer_certificates().and_then(ClientCertificate::of);
    peer.certificate = certificate.map(Arc::new);
    Ok((Box::new(stream), peer))
}
