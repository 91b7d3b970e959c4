//! A service, started in a test as it is in production.
//!
//! ```no_run
//! # use carml_runtime::{App, AppError, config::Config, testing};
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! let app = App::<Config>::new().config_text("test.yml", "registry: { path: test.redb }");
//! let server = testing::start(app).await?; // .service(…), as in main
//! let channel = server.channel().await?;
//! // … GreeterClient::new(channel) …
//! server.stop().await?;
//! # Ok(())
//! # }
//! ```

use std::net::SocketAddr;

use tokio::{sync::oneshot, task::JoinHandle};
use tonic::transport::{self, Channel, Endpoint};

use crate::{App, AppError, config::Root};

/// Starts the app on a free port of this host, whatever its config says, and waits until it
/// accepts calls.
///
/// # Errors
///
/// What the start fails with: see [`App::serve`].
pub async fn start<C: Root + Send + Sync + 'static>(app: App<C>) -> Result<Server, AppError> {
    let (ready, bound) = oneshot::channel();
    let (stop, stopped) = oneshot::channel();
    let app = app.set("grpc.server.listen=127.0.0.1:0");
    let running = tokio::spawn(app.ready(ready).stop(stopped).serve());
    match bound.await.ok().and_then(|address| address.tcp()) {
        Some(address) => Ok(Server {
            address,
            stop,
            running,
        }),
        // It ended before it was ready.
        None => Err(ended(running)
            .await
            .err()
            .unwrap_or(AppError::ForcedShutdown)),
    }
}

/// A running service. Dropping this begins a drain, as SIGTERM does; [`Server::stop`] also waits
/// for its end.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), AppError>>,
}

impl Server {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection to it, for a generated client.
    ///
    /// # Errors
    ///
    /// If the server does not accept: it has ended.
    pub async fn channel(&self) -> Result<Channel, transport::Error> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address))?;
        endpoint.connect().await
    }

    /// Drains the service, and waits for its end. Dropping the future does not stop the drain.
    ///
    /// # Errors
    ///
    /// If the drain was not clean: see [`App::serve`].
    pub async fn stop(self) -> Result<(), AppError> {
        let Self { stop, running, .. } = self;
        drop(stop);
        ended(running).await
    }
}

async fn ended(running: JoinHandle<Result<(), AppError>>) -> Result<(), AppError> {
    let ended = running.await;
    ended.unwrap_or_else(|panicked| Err(AppError::new(panicked)))
}
