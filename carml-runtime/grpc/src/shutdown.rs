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

    /// Begins the drain.
    #[doc(hidden)]
    pub fn begin(&self) {
        self.0.cancel();
    }
}
