//! What a handler may know and decide of the compression of its call.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many messages of a request are remembered.
const MAX_REMEMBERED: usize = 1024;

/// The compression of one call's messages: in the extensions of its request, if the chain has
/// `compression`. Cheap to clone.
///
/// # Examples
///
/// ```
/// use carml_grpc::MessageCompression;
/// use tonic::Request;
///
/// fn hide_length<T>(request: &Request<T>) {
///     if let Some(compression) = request.extensions().get::<MessageCompression>() {
///         // The length of a compressed secret may give it away.
///         compression.leave(0);
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MessageCompression(Arc<Mutex<Messages>>);

#[derive(Debug, Default)]
struct Messages {
    received: Vec<bool>,
    left: BTreeSet<usize>,
}

impl MessageCompression {
    /// Whether a message of the request came compressed; the first one is 0. None if it has not
    /// been read, or is not one of the first thousand.
    pub fn was_compressed(&self, message: usize) -> Option<bool> {
        self.messages().received.get(message).copied()
    }

    /// Sends a message of the answer as it is; the first one is 0.
    pub fn leave(&self, message: usize) {
        self.messages().left.insert(message);
    }

    pub(super) fn received(&self, is_compressed: bool) {
        let received = &mut self.messages().received;
        if received.len() < MAX_REMEMBERED {
            received.push(is_compressed);
        }
    }

    /// Whether the message that is sent now is to be left as it is.
    pub(super) fn is_left(&self, message: usize) -> bool {
        self.messages().left.remove(&message)
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
