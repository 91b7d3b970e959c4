//! One server of the cluster.

use std::sync::{Arc, PoisonError, RwLock};

use carml_kv::{Error, ErrorKind, capability::Provider};
use etcd_client::{
    Certificate, Channel, Client, ConnectOptions, Error as EtcdError, Identity, TlsOptions,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::sync::Mutex;
use tonic::transport::{Endpoint as Connector, Uri};

use crate::{
    PROVIDER,
    options::{Options, Tls},
};

/// A server that does not answer pings for this long has failed. etcd refuses pings more often than every
/// 5 seconds.
const PING_EVERY: std::time::Duration = std::time::Duration::from_secs(6);
const PING_ANSWER: std::time::Duration = std::time::Duration::from_secs(3);

pub(crate) struct Endpoint {
    /// `host:port`, for messages.
    pub(super) name: String,
    connector: Connector,
    login: ConnectOptions,
    client: RwLock<Option<Arc<Client>>>,
    connecting: Mutex<()>,
}

impl Endpoint {
    pub(super) fn new(address: &str, options: &Options) -> Result<Endpoint, Error> {
        let refuse = |why: String| {
            Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER)
        };
        let uri = uri(address, options.tls.is_some()).map_err(refuse)?;
        let name = uri
            .authority()
            .map_or_else(String::new, ToString::to_string);
        let mut connector = Connector::from(uri.clone())
            .connect_timeout(options.timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_ANSWER);
        if uri.scheme_str() == Some("https") {
            let certificates = options.tls.clone().unwrap_or_default();
            check(&certificates).map_err(refuse)?;
            connector = connector
                .tls_config(tls(&certificates))
                .map_err(|e| refuse(format!("the certificates cannot be used: {}", causes(&e))))?;
        }
        // Without a leader, a server could only return stale data.
        let mut login = ConnectOptions::default()
            .with_require_leader(true)
            .with_auto_token_refresh(true);
        if let Some((name, password)) = &options.user {
            login = login.with_user(name, password);
        }
        Ok(Endpoint {
            name,
            connector,
            login,
            client: RwLock::default(),
            connecting: Mutex::default(),
        })
    }

    /// The client of the open connection; connects and logs in if there is none.
    pub(super) async fn client(&self) -> Result<Arc<Client>, EtcdError> {
        if let Some(client) = self.connected() {
            return Ok(client);
        }
        let _one_at_a_time = self.connecting.lock().await;
        if let Some(client) = self.connected() {
            return Ok(client);
        }
        let channel = self.connector.connect().await?;
        let login = Some(self.login.clone());
        let client = Arc::new(Client::from_channel(Channel::Tonic(channel), login).await?);
        self.replace(Some(client.clone()));
        Ok(client)
    }

    fn connected(&self) -> Option<Arc<Client>> {
        let client = self.client.read();
        client.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, client: Option<Arc<Client>>) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// Uses the connection for no further request, if it is still that of `client`.
    pub(super) fn forget(&self, client: &Arc<Client>) {
        if self
            .connected()
            .is_some_and(|now| Arc::ptr_eq(&now, client))
        {
            self.disconnect();
        }
    }

    pub(super) fn disconnect(&self) {
        self.replace(None);
    }
}

fn uri(address: &str, tls: bool) -> Result<Uri, String> {
    let (scheme, authority) = match address.split_once("://") {
        Some(("http", _)) if tls => {
            return Err(format!(
                "the endpoint `{address}` is not encrypted, but certificates are given: write https"
            ));
        }
        Some((scheme @ ("http" | "https"), authority)) => (scheme, authority),
        Some((scheme, _)) => {
            return Err(format!(
                "the endpoint `{address}` has the scheme `{scheme}`: expected http or https"
            ));
        }
        None => (if tls { "https" } else { "http" }, address),
    };
    let authority = authority.trim_end_matches('/');
    let parse = |authority: &str| {
        let uri = format!("{scheme}://{authority}/").parse::<Uri>();
        uri.map_err(|e| format!("the endpoint `{address}` is invalid: {e}"))
    };
    let uri = parse(authority)?;
    match (uri.port(), Provider::Etcd.default_port()) {
        (None, Some(port)) => parse(&format!("{authority}:{port}")),
        _ => Ok(uri),
    }
}

/// tonic takes a text without a certificate for an empty list of them.
fn check(tls: &Tls) -> Result<(), String> {
    let certificates = |pem: &[u8], what: &str| {
        let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        match all {
            Ok(all) if !all.is_empty() => Ok(()),
            Ok(_) => Err(format!("{what} has no certificate: expected PEM")),
            Err(e) => Err(format!("{what} cannot be read: {e}")),
        }
    };
    if let Some(authority) = &tls.authority {
        certificates(authority, "the certificate of the authority")?;
    }
    if let Some((certificate, key)) = &tls.identity {
        certificates(certificate, "the client's certificate")?;
        PrivateKeyDer::from_pem_slice(key)
            .map_err(|e| format!("the client's key cannot be read: {e}"))?;
    }
    Ok(())
}

fn tls(options: &Tls) -> TlsOptions {
    let mut tls = TlsOptions::new();
    tls = match &options.authority {
        Some(pem) => tls.ca_certificate(Certificate::from_pem(pem)),
        None => tls.with_native_roots(),
    };
    match &options.identity {
        Some((certificate, key)) => tls.identity(Identity::from_pem(certificate, key)),
        None => tls,
    }
}

fn causes(error: &tonic::transport::Error) -> String {
    use std::error::Error as _;
    let source = error.source().map(ToString::to_string);
    source.unwrap_or_else(|| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_with_or_without_a_port() {
        for (address, tls, expected) in [
            ("db", false, "http://db:2379/"),
            ("db:1", true, "https://db:1/"),
            ("https://db/", false, "https://db:2379/"),
            ("[::1]", false, "http://[::1]:2379/"),
            ("[::1]:7", true, "https://[::1]:7/"),
        ] {
            assert_eq!(uri(address, tls).unwrap().to_string(), expected);
        }
        for (address, tls) in [("http://db", true), ("zk://db", false), ("a b", false)] {
            let why = uri(address, tls).unwrap_err();
            assert!(why.contains(address), "{why}");
        }
    }
}
