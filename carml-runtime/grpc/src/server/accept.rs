//! The accept loop: it ends only with the server.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use http::{Request, Response};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tower_service::Service;

use super::{Listener, Shared, connection, episode::Episode};

/// How long the loop waits after an error at first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Accepts connections until the server drains, each served by a task of its own.
pub(super) async fn run<S>(
    listener: Listener,
    shared: Arc<Shared>,
    connections: TaskTracker,
    service: S,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    let (failing, full) = (Episode::default(), Episode::default());
    let mut backoff = BACKOFF.0;
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.drain.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (io, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                if failing.begin() {
                    tracing::error!(
                        %error,
                        "connections cannot be accepted: this is tried again, at most every second"
                    );
                }
                tokio::select! {
                    () = shared.drain.cancelled() => return,
                    () = sleep(backoff) => {}
                }
                backoff = (backoff * 2).min(BACKOFF.1);
                continue;
            }
        };
        backoff = BACKOFF.0;
        if failing.end() {
            tracing::info!("connections are accepted again");
        }
        if connections.len() >= shared.settings.max_connections {
            if full.begin() {
                tracing::warn!(
                    "{} connections are open, which is grpc.server.max_connections: others are closed at once",
                    connections.len()
                );
            }
            continue;
        }
        if full.end() {
            tracing::info!("the number of connections is below grpc.server.max_connections again");
        }
        let serve = connection::serve(io, peer, Arc::clone(&shared), service.clone());
        connections.spawn(serve);
    }
}

/// An error of the connection that was about to be accepted, and not of the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotConnected
            | io::ErrorKind::InvalidInput
    )
}
