//! The accept loop and the connections of a server, over [`h2`].
//!
//! - `listener`, `accept`: where connections come from.
//! - `socket`: one in the file system; `tls`: handshakes.
//! - `connection`, `clock`, `calls`, `io`: one connection, its PINGs, ages and limits.
//! - `call`, `receive`: one call on it; how its request is read, and its response sent.
//! - `protocol`: what a request must be like; `bounded_status`: what a status may be.
//! - `settings`, `budget`: limits, as the config has them; `open_files`: one of the system.
//! - `episode`: states that are logged once when they begin, and once when they end.

mod accept;
mod bounded_status;
mod budget;
mod call;
mod calls;
mod clock;
mod connection;
mod episode;
mod io;
mod listener;
mod open_files;
mod protocol;
mod receive;
mod settings;
#[cfg(unix)]
mod socket;
#[cfg(feature = "tls")]
mod tls;

use std::{convert::Infallible, sync::Arc};

use carml_config::model;
use http::{Request, Response};
use tokio::time::timeout;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tonic::body::Body;
use tower_service::Service;

use crate::Methods;
use budget::Budget;
pub(crate) use call::Incoming;
#[cfg(feature = "tls")]
pub use carml_tls::ClientCertificate;
pub use listener::{Address, Listener};
pub use open_files::raise_open_files_limit;
use settings::Settings;

/// A server that has not begun to accept connections.
///
/// # Examples
///
/// ```
/// use carml_config::model::GrpcServer;
/// use carml_grpc::server::{Listener, Server};
/// use tonic::service::Routes;
///
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = Listener::bind("127.0.0.1:0").await?;
/// let running = Server::new(&GrpcServer::default()).start(listener, Routes::default());
/// running.drain();
/// running.ended().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    settings: Settings,
    methods: Methods,
    #[cfg(feature = "tls")]
    tls: Option<Arc<carml_tls::Server>>,
}

/// What all connections of a server share.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    methods: Methods,
    budget: Arc<Budget>,
    #[cfg(feature = "tls")]
    tls: Option<Arc<carml_tls::Server>>,
    /// Connections end once their calls have.
    drain: CancellationToken,
    /// Connections end.
    cut: CancellationToken,
}

impl Server {
    /// A server with the limits of this config. Its address, its middlewares and its files are not
    /// used.
    pub fn new(config: &model::GrpcServer) -> Self {
        Self {
            settings: Settings::of(config),
            methods: Methods::default(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// The methods that are served: the requests of those that take one message are checked to
    /// have one. [`Place`](crate::Place) has the same for the chain.
    #[must_use]
    pub fn methods(mut self, methods: Methods) -> Self {
        self.methods = methods;
        self
    }

    /// Makes all connections ones of TLS, with these certificates. They are read again as their
    /// files change.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, certificates: carml_tls::Server) -> Self {
        self.tls = Some(Arc::new(certificates));
        self
    }

    /// Begins to accept connections, and serves the calls on them.
    pub fn start<S>(self, listener: Listener, service: S) -> Running
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        let shared = Arc::new(Shared {
            budget: Budget::new(self.settings.message_budget),
            settings: self.settings,
            methods: self.methods,
            #[cfg(feature = "tls")]
            tls: self.tls,
            drain: CancellationToken::new(),
            cut: CancellationToken::new(),
        });
        let connections = TaskTracker::new();
        let cut_on_drop = shared.cut.clone().drop_guard();
        let drain_on_drop = shared.drain.clone().drop_guard();
        let accept = accept::run(listener, Arc::clone(&shared), connections.clone(), service);
        tokio::spawn(accept);
        #[cfg(feature = "tls")]
        if let Some(tls) = shared.tls.clone() {
            let drained = shared.drain.clone().cancelled_owned();
            tokio::spawn(async move {
                tokio::select! {
                    () = drained => {}
                    _ = tls.follow() => {}
                }
            });
        }
        Running {
            shared,
            connections,
            _on_drop: [cut_on_drop, drain_on_drop],
        }
    }
}

/// A server that accepts connections. Dropping it closes all of them.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    connections: TaskTracker,
    _on_drop: [DropGuard; 2],
}

impl Running {
    /// The certificates, if connections are those of TLS.
    #[cfg(feature = "tls")]
    pub fn certificates(&self) -> Option<Arc<carml_tls::Server>> {
        self.shared.tls.clone()
    }

    /// Accepts no more connections, and asks clients to send their calls elsewhere. Calls in
    /// progress go on.
    pub fn drain(&self) {
        self.shared.drain.cancel();
        self.connections.close();
    }

    /// Closes all connections, and waits for what is left of their calls to end.
    pub async fn cut(&self) {
        self.drain();
        self.shared.cut.cancel();
        // Not for a handler that blocks its thread.
        let _ = timeout(2 * connection::CLOSE, self.connections.wait()).await;
    }

    /// Waits until the server drains and the last connection has ended.
    pub async fn ended(&self) {
        self.shared.drain.cancelled().await;
        self.connections.wait().await;
    }
}
