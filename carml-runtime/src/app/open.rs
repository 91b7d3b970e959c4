//! What a start opens. A failure is shown at the line of the config that causes it.

use std::{io::ErrorKind, net::SocketAddr};

use super::AppError;
use crate::{
    config::{Config, Loaded, model::Registry},
    grpc::server::Listener,
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
        let at = match registry.provider.default_port() {
            Some(_) => "/registry/endpoints",
            None => "/registry/path",
        };
        let message = format!("cannot open the key/value store: {source}");
        AppError::Store {
            report: loaded.error_at(at, message, [] as [&str; 0]),
            source: Box::new(source),
        }
    })
}

/// Binds the address: the listener, and where it listens.
pub(super) async fn listener(
    loaded: &Loaded,
    address: &str,
) -> Result<(Listener, SocketAddr), AppError> {
    let bound = Listener::bind(address).await;
    let bound = bound.and_then(|listener| listener.address().map(|at| (listener, at)));
    bound.map_err(|source| {
        let help = match source.kind() {
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
            report: loaded.error_at("/grpc/server/listen", message, [help]),
            source,
        }
    })
}
