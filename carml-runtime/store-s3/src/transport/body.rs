//! Bodies of requests and answers.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use http_body::{Body, Frame, SizeHint};
use opendal_core::Buffer;
use tokio::time::Instant;

/// How much is given to the connection at once: its pace is what shows silence.
const FRAME: usize = 64 << 10;

/// When a byte last moved.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<Instant>>);

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moved(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Ends once no byte has moved for a time.
    pub(super) async fn silence(&self, limit: Duration) {
        loop {
            let end = self.last() + limit;
            if Instant::now() >= end {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }
}

/// The body of a request.
pub(super) struct Upload {
    rest: Buffer,
    left: u64,
    chunk: Bytes,
    activity: Activity,
}

impl Upload {
    pub(super) fn new(body: Buffer, activity: Activity) -> Self {
        Self {
            left: body.len() as u64,
            rest: body,
            chunk: Bytes::new(),
            activity,
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.activity.moved();
        while self.chunk.is_empty() {
            match Iterator::next(&mut self.rest) {
                Some(chunk) => self.chunk = chunk,
                None => return Poll::Ready(None),
            }
        }
        let size = self.chunk.len().min(FRAME);
        let frame = self.chunk.split_to(size);
        self.left -= size as u64;
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The chunks of an answer.
pub(super) fn chunks(
    body: reqwest::Body,
) -> Pin<Box<dyn Stream<Item = Result<Bytes, reqwest::Error>> + Send>> {
    Box::pin(stream::unfold(Box::pin(body), |mut body| async move {
        loop {
            let frame = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await?;
            match frame.map(Frame::into_data) {
                Ok(Ok(chunk)) => return Some((Ok(chunk), body)),
                // Trailers.
                Ok(Err(_)) => {}
                Err(error) => return Some((Err(error), body)),
            }
        }
    }))
}

/// A stream that can be shared, as OpenDAL asks for: it is only ever used by one at a time.
pub(super) struct Shared<S>(Mutex<Pin<Box<S>>>);

impl<S> Shared<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(Mutex::new(Box::pin(stream)))
    }
}

impl<S: Stream> Stream for Shared<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let stream = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        stream.poll_next_unpin(context)
    }
}
