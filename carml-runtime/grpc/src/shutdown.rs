//! The drain, seen from a handler.

use std::future::ready;

use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::status;

/// Tells handlers that the service drains. Cheap to clone.
///
/// A drain waits for every call in flight. A call that only its caller ends, such as a watch, would
/// hold it up until `grpc.server.shutdown.deadline`: its handler should end it when the drain
/// begins.
///
/// The one of [`Default`] never begins. One that does comes from a [`ShutdownTrigger`].
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Resolves once the drain has begun. Dropping the future has no effect.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }

    /// Ends a stream that has no end of its own with UNAVAILABLE once the drain has begun, so
    /// that its caller goes to another server.
    pub fn end<T: Send, S: Stream<Item = Result<T, Status>> + Send>(
        &self,
        stream: S,
    ) -> impl Stream<Item = Result<T, Status>> + Send + use<T, S> {
        let begun = self.0.clone();
        let last = stream::once(async move { begun.is_cancelled() })
            .filter_map(|begun| ready(begun.then(|| Err(status::draining()))));
        stream
            .take_until(self.0.clone().cancelled_owned())
            .chain(last)
    }
}

/// Begins a drain. An app has its own; a test of a handler, or a server without an app, makes one.
///
/// # Examples
///
/// ```
/// use carml_grpc::ShutdownTrigger;
/// use futures_util::{FutureExt as _, StreamExt as _, stream};
///
/// let trigger = ShutdownTrigger::default();
/// let shutdown = trigger.shutdown();
/// let mut endless = Box::pin(shutdown.end(stream::pending::<Result<(), tonic::Status>>()));
/// trigger.begin();
/// let last = endless.next().now_or_never().flatten().unwrap();
/// assert_eq!(last.unwrap_err().code(), tonic::Code::Unavailable);
/// ```
#[derive(Debug, Default)]
pub struct ShutdownTrigger(CancellationToken);

impl ShutdownTrigger {
    /// What tells handlers of this drain.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown(self.0.clone())
    }

    /// Begins the drain.
    pub fn begin(&self) {
        self.0.cancel();
    }
}
