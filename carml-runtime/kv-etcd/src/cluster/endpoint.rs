//! One server of the cluster.

use std::sync::{Arc, PoisonError, RwLock};

use carml_kv::{
    Error, ErrorKind,
    capability::Provider,
    client::{Server, Tls, address, causes},
};
use etcd_client::{
    Certificate, Channel, Client, ConnectOptions, Error as EtcdError, Identity, TlsOptions,
};
use tokio::sync::Mutex;
use tonic::transport::Endpoint as Connector;

use crate::{PROVIDER, options::Options};

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
    pub(super) fn new(endpoint: &str, options: &Options) -> Result<Endpoint, Error> {
        let refuse = |why: String| {
            Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER)
        };
        let port = Provider::Etcd.default_port();
        let uri = address(endpoint, options.tls.is_some(), port).map_err(refuse)?;
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
            certificates.check().map_err(refuse)?;
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

impl Server for Endpoint {
    fn name(&self) -> &str {
        &self.name
    }
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
