//! TLS of the connections.

use std::{io, sync::Arc};

use carml_kv::client::Tls;
use carml_tls_client::{Identity, Roots, rustls::pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

pub(super) struct Connector(TlsConnector);

impl Connector {
    pub(super) fn new(tls: &Tls) -> Result<Connector, String> {
        tls.check()?;
        let authority = tls.authority.as_deref().ok_or_else(|| {
            "TLS with ZooKeeper needs `certificate`, the authority that signs the servers' \
             certificates"
                .to_owned()
        })?;
        let made = || {
            let roots = Roots::of_pem(authority)?;
            let identity = tls.identity.as_ref();
            let identity = identity.map(|(certificate, key)| Identity::of_pem(certificate, key));
            carml_tls_client::config(roots, identity.transpose()?)
        };
        let config = made().map_err(|error: carml_tls_client::Error| error.to_string())?;
        Ok(Connector(TlsConnector::from(Arc::new(config))))
    }

    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        self.0.connect(name, stream).await
    }
}
