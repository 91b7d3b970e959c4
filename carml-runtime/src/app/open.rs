//! What a start opens. A failure is shown at the line of the config that causes it.

use std::io::{self, ErrorKind};

use tokio::net::TcpListener;

use super::AppError;
#[cfg(feature = "store")]
use super::context::StoreState;
use crate::{
    config::{Config, ListenAddress, Loaded, model::Registry},
    grpc::server::{Address, Listener, Server},
    kv::{self, Opened},
};

/// Opens the store if the config has one, or a service requires one.
pub(super) async fn store(
    loaded: &Loaded,
    config: &Config,
    required: bool,
) -> Result<Option<Opened>, AppError> {
    let registry = match &config.registry {
        Some(registry) => registry,
        None if required => &Registry::default(),
        None => return Ok(None),
    };
    let opened = kv::open_registry(registry).await;
    opened.map(Some).map_err(|source| {
        let at = cause(loaded, registry, source.kind);
        let message = format!("cannot open the key/value store: {source}");
        AppError::Store {
            report: loaded.error_at(at, message, [] as [&str; 0]),
            source: Box::new(source),
        }
    })
}

/// Opens the cache of downloads. `store`: where `store:` URLs are.
#[cfg(feature = "download")]
pub(super) fn downloads(
    loaded: &Loaded,
    #[cfg(feature = "store")] store: Option<&crate::store::Store>,
) -> Result<crate::download::Downloads, AppError> {
    use crate::download::{self, Downloads, ErrorKind, Options};

    let config: Config = loaded.typed()?;
    let section = config.download.unwrap_or_default();
    let options = download::options(&section, config.app.tempdir.as_deref());
    #[cfg(feature = "store")]
    let open = |options: &Options| match store {
        Some(store) => Downloads::with_store(options, store.clone()),
        None => Downloads::open(options),
    };
    #[cfg(not(feature = "store"))]
    let open = |options: &Options| Downloads::open(options);
    options.and_then(|options| open(&options)).map_err(|error| {
        let at = match error.kind {
            ErrorKind::InvalidArgument => "/download",
            _ => "/download/directory",
        };
        let message = format!("cannot open the download manager: {error}");
        loaded.error_at(at, message, [] as [&str; 0]).into()
    })
}

/// The key of the config that causes a failure.
fn cause(loaded: &Loaded, registry: &Registry, kind: kv::ErrorKind) -> &'static str {
    let credentials: &[&str] = match kind {
        kv::ErrorKind::Unauthenticated | kv::ErrorKind::PermissionDenied => {
            &["/registry/token", "/registry/username"]
        }
        _ => &[],
    };
    let mut given = credentials.iter();
    match given.find(|key| loaded.value().pointer(key).is_some()) {
        Some(key) => key,
        None if registry.provider.default_port().is_some() => "/registry/endpoints",
        None => "/registry/path",
    }
}

/// A server with the limits and the certificates of the config.
pub(super) fn server(loaded: &Loaded, config: &Config) -> Result<Server, AppError> {
    let server = Server::new(&config.grpc.server);
    #[cfg(feature = "tls")]
    if let Some(tls) = &config.grpc.server.tls {
        let certificates = carml_tls::Server::open(tls);
        let certificates = certificates
            .map_err(|refusals| AppError::Refused(refusals.report(loaded, carml_tls::SERVER)))?;
        return Ok(server.tls(certificates));
    }
    // Without the feature, the check of the config refuses the section.
    let _ = loaded;
    Ok(server)
}

/// Opens the object store if the config has one, or a service requires one.
#[cfg(feature = "store")]
pub(super) async fn objects(
    loaded: &Loaded,
    config: &Config,
    required: bool,
) -> Result<StoreState<crate::store::Store>, AppError> {
    use crate::{
        config::model::{Store, StoreProvider},
        store::{self, ErrorKind as Failed},
    };

    let section = match &config.store {
        Some(section) => section,
        None if required => &Store::default(),
        None => return Ok(StoreState::NotConfigured),
    };
    let opened = store::open(section).await;
    opened.map(StoreState::Open).map_err(|source| {
        let at = match (section.provider, source.kind) {
            (_, Failed::InvalidKey) => "/store/prefix",
            (StoreProvider::Fs, _) => "/store/path",
            _ => "/store/provider",
        };
        let message = format!("cannot open the object store: {source}");
        AppError::ObjectStore {
            report: loaded.error_at(at, message, [] as [&str; 0]),
            source: Box::new(source),
        }
    })
}

/// Binds the address: the listener, and where it listens.
pub(super) async fn listener(
    loaded: &Loaded,
    address: &str,
) -> Result<(Listener, Address), AppError> {
    let bound = Listener::bind(address).await;
    let bound = bound.and_then(|listener| listener.address().map(|at| (listener, at)));
    bound.map_err(|source| bind_error(loaded, "/grpc/server/listen", address, source))
}

fn bind_error(loaded: &Loaded, at: &str, address: &str, source: io::Error) -> AppError {
    let is_socket = matches!(ListenAddress::of(address), ListenAddress::Unix(_));
    let help = match source.kind() {
        _ if is_socket => {
            "give a path of at most 107 bytes in a folder that exists and can be written to, at which no process listens"
        }
        ErrorKind::AddrInUse => "another process listens there: end it, or choose another port",
        ErrorKind::AddrNotAvailable => {
            "this machine has no such address; `0.0.0.0` and `[::]` are all of its addresses"
        }
        ErrorKind::PermissionDenied => {
            "ports below 1024 are for privileged processes: choose a higher one"
        }
        _ => "check that the name resolves to an address of this machine",
    };
    let message = format!("cannot listen on {address}: {source}");
    AppError::Bind {
        report: loaded.error_at(at, message, [help]),
        source,
    }
}

/// Binds the address of the admin port, if the config has one.
pub(super) async fn admin(
    loaded: &Loaded,
    config: &Config,
) -> Result<Option<TcpListener>, AppError> {
    let Some(address) = &config.admin.listen else {
        return Ok(None);
    };
    let bound = TcpListener::bind(address).await;
    bound
        .map(Some)
        .map_err(|source| bind_error(loaded, "/admin/listen", address, source))
}

#[cfg(test)]
#[cfg(feature = "consul")]
mod tests {
    use carml_diagnostic::{Format, Source};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::config::{Loader, Schema};

    /// What a start with this server reports; line 5 has the token.
    async fn report(endpoint: &str) -> String {
        let text = format!(
            "registry:\n  provider: consul\n  endpoints:\n    - {endpoint}\n  token: a-token\n  \
             timeout: 1s\n"
        );
        let source = Source::new("carml.yml", text, Format::Yaml);
        let loader = Loader::new(Schema::base().unwrap()).source(source);
        let loaded = loader.load().unwrap();
        let config: Config = loaded.typed().unwrap();
        let opened = store(&loaded, &config, false).await;
        opened.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_refused_token_is_shown_at_its_line_and_a_lost_server_at_the_endpoints() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let _ = client.read(&mut [0; 1024]).await;
                let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\n\r\nACL not found";
                let _ = client.write_all(answer).await;
            }
        });
        let refused = report(&endpoint).await;
        assert!(refused.contains("carml.yml:5:"), "{refused}");
        assert!(refused.contains("does not know the token"), "{refused}");
        assert!(!refused.contains("a-token"), "{refused}");
        let lost = report("127.0.0.1:1").await;
        assert!(
            lost.contains("carml.yml:3:") || lost.contains("carml.yml:4:"),
            "{lost}"
        );
    }
}
