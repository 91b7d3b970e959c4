//! The way out, after the head of the response.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use tonic::{Code, Status, body::Body};

use super::active::{Active, At, Outcome, Progress};
use crate::{
    code, foreign_status,
    middleware::{Middleware, Passed},
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
        let inner = &mut this.inner;
        let polled = this
            .active
            .poll(cx, |progress, cx| frame(inner, progress, cx));
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

/// The next frame of the service, or the end of a call that is past its caller's deadline.
fn frame(inner: &mut Body, progress: &mut Progress, cx: &mut Context<'_>) -> Polled {
    let mut polled = Pin::new(inner).poll_frame(cx);
    if let Some(deadline) = &mut progress.call.deadline {
        let late = match &polled {
            Poll::Pending => deadline.poll(cx).is_ready(),
            Poll::Ready(Some(Ok(frame))) => deadline.refuses(frame),
            Poll::Ready(_) => false,
        };
        if late {
            progress.code = Some(Code::DeadlineExceeded);
            return Outcome::end(&status::deadline_exceeded());
        }
    }
    let code = match &mut polled {
        Poll::Pending => None,
        Poll::Ready(None) => Some(Code::Unknown),
        Poll::Ready(Some(Err(status))) => Some(status.code()),
        Poll::Ready(Some(Ok(frame))) => frame.trailers_mut().map(|trailers| {
            let code = code::of(trailers).unwrap_or(Code::Unknown);
            progress.call.is_drained = code == Code::Unavailable && status::is_draining(trailers);
            foreign_status::pass(progress.call.side, code, trailers);
            code
        }),
    };
    if let Some(code) = code {
        progress.end(code);
    }
    polled
}

impl Outcome for Polled {
    fn end(status: &Status) -> Self {
        let mut trailers = http::HeaderMap::new();
        // Fails for metadata that is not a header; these have none.
        let _ = status.add_header(&mut trailers);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_pending(&self) -> bool {
        Poll::is_pending(self)
    }

    #[inline]
    fn pass<M: Middleware>(
        self,
        at: At<'_, M>,
        pending: &mut Option<Status>,
    ) -> Result<Self, Status> {
        let Poll::Ready(Some(Ok(frame))) = self else {
            return Ok(self);
        };
        let frame = match at.middleware.frame(at.call, at.state, frame) {
            Passed::Frame(frame) => frame,
            Passed::FrameThenEnd(frame, status) => {
                *pending = Some(status);
                frame
            }
            Passed::End(status) => return Err(status),
        };
        Ok(Poll::Ready(Some(Ok(frame))))
    }
}
