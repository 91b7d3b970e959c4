use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

use super::Scanner;
use crate::status;

/// A request's body that fails at a message over the limit.
pub(super) struct Limited {
    inner: Body,
    scanner: Scanner,
    limit: u64,
}

impl Limited {
    pub(super) fn new(inner: Body, limit: u64) -> Self {
        Self {
            inner,
            scanner: Scanner::default(),
            limit,
        }
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Some(over) = this.scanner.over(data, this.limit)
        {
            return Poll::Ready(Some(Err(status::too_large(
                "request", over.size, this.limit,
            ))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
