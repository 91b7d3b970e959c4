//! The way out behind the head of the response.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};

use super::{
    call::{Active, Call, watched},
    op::Op,
};
use crate::{
    middleware::{logging, recover, tracing as spans},
    status,
};

type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// A response body that carries its call to its end.
pub(super) struct ResponseBody {
    inner: Body,
    active: Active,
    done: bool,
}

impl ResponseBody {
    pub(super) fn new(inner: Body, active: Active) -> Self {
        Self {
            inner,
            active,
            done: false,
        }
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        if this.done {
            return Poll::Ready(None);
        }
        let active = &mut this.active;
        let polled = frame(&active.ops, &mut active.call, &mut this.inner, cx);
        // Trailers end a body, whoever wrote them.
        this.done = match &polled {
            Poll::Ready(Some(Ok(frame))) => frame.is_trailers(),
            Poll::Ready(_) => true,
            Poll::Pending => false,
        };
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }
}

/// The trailers that end a call with this status.
pub(crate) fn trailers(status: &Status) -> Polled {
    let mut trailers = http::HeaderMap::new();
    // Fails for metadata that is no header; ours has none.
    let _ = status.add_header(&mut trailers);
    Poll::Ready(Some(Ok(Frame::trailers(trailers))))
}

fn frame(ops: &[Op], call: &mut Call, inner: &mut Body, cx: &mut Context<'_>) -> Polled {
    let Some((op, rest)) = ops.split_first() else {
        let polled = Pin::new(inner).poll_frame(cx);
        let Some(deadline) = &mut call.deadline else {
            return polled;
        };
        let late = match &polled {
            Poll::Pending => deadline.as_mut().poll(cx).is_ready(),
            // A body that always has more would never be pending. Its own end is let through.
            Poll::Ready(Some(Ok(frame))) => {
                frame.is_data() && deadline.deadline() <= Instant::now()
            }
            Poll::Ready(_) => false,
        };
        return if late {
            trailers(&status::deadline_exceeded())
        } else {
            polled
        };
    };
    match op {
        Op::Recover => recover::guard(|| frame(rest, call, inner, cx))
            .unwrap_or_else(|status| trailers(&status)),
        Op::Logging => watched(call, logging::end, end_of, |call| {
            frame(rest, call, inner, cx)
        }),
        Op::Tracing => {
            let span = call.span.clone();
            watched(call, spans::end, end_of, |call| {
                span.in_scope(|| frame(rest, call, inner, cx))
            })
        }
        Op::Timeout(_) => frame(rest, call, inner, cx),
        Op::MaxMessageSize(limits) => {
            if let Some(status) = call.refused.take() {
                return trailers(&status);
            }
            match frame(rest, call, inner, cx) {
                Poll::Ready(Some(Ok(frame))) => limits.sending(call, frame),
                other => other,
            }
        }
    }
}

/// The status with which this frame ends the call.
fn end_of(polled: &Polled) -> Option<Code> {
    match polled {
        Poll::Pending => None,
        Poll::Ready(None) => Some(Code::Unknown),
        Poll::Ready(Some(Err(status))) => Some(status.code()),
        Poll::Ready(Some(Ok(frame))) => frame.trailers_ref().map(|trailers| {
            Status::from_header_map(trailers).map_or(Code::Unknown, |status| status.code())
        }),
    }
}
