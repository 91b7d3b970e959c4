use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

use super::{Scanner, refused::Refused};
use crate::status;

type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// A request's body that fails at a message over the limit.
pub(super) struct Limited {
    inner: Body,
    scanner: Scanner,
    limit: u64,
    refused: Refused,
    /// Set when messages before the refused one were let through with their frame.
    over: Option<u64>,
}

impl Limited {
    pub(super) fn new(inner: Body, limit: u64, refused: Refused) -> Self {
        Self {
            inner,
            scanner: Scanner::default(),
            limit,
            refused,
            over: None,
        }
    }

    fn refuse(&self, size: u64) -> Polled {
        self.refused.set(size);
        Poll::Ready(Some(Err(status::too_large("request", size, self.limit))))
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        if let Some(size) = this.over {
            return this.refuse(size);
        }
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Some(over) = this.scanner.over(data, this.limit)
        {
            if over.good == 0 {
                return this.refuse(over.size);
            }
            this.over = Some(over.size);
            return Poll::Ready(Some(Ok(Frame::data(data.slice(..over.good)))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.over.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
