//! A call's request, from the connection to the service.
//!
//! Frames are read as soon as they arrive, by the task of the call, whatever the handler does: what
//! h2 keeps for each small frame would otherwise add up to the end of the connection (h2 closes it
//! with `too_many_data_frames`). The client's window is only opened again as the service takes the
//! bytes, so that what waits is bounded by the windows.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker, ready},
};

use bytes::Bytes;
use h2::RecvStream;
use http::HeaderMap;
use http_body::Frame;
use tonic::Status;

use super::budget::Share;
use crate::{
    message::{Chunks, Framing},
    methods::Requests,
    status,
};

/// What a call receives. The task of the call fills it, the request's body empties it.
#[derive(Debug)]
pub(crate) struct Receiver {
    state: Mutex<State>,
    is_cancelled: AtomicBool,
}

#[derive(Debug)]
struct State {
    /// Absent once nothing more is read of it.
    stream: Option<RecvStream>,
    waiting: Chunks,
    end: Option<End>,
    share: Option<Share>,
    /// The messages that the body has passed on.
    framing: Framing,
    messages: u64,
    requests: Requests,
    /// Bytes that the body has passed on, of messages that may be in use.
    passed: u64,
    reader: Option<Waker>,
}

/// How a request ended.
#[derive(Debug)]
enum End {
    /// With END_STREAM: the only good end.
    Complete(Option<HeaderMap>),
    Failed(Failure),
}

#[derive(Clone, Copy, Debug)]
enum Failure {
    /// RST_STREAM, whatever its code, or the end of the connection.
    Cancelled,
    OverBudget(u64),
    TooManyMessages,
    NoMessage,
    /// The call has ended before its request.
    CallEnded,
}

impl Failure {
    fn status(self) -> Status {
        match self {
            Self::Cancelled => status::request_cancelled(),
            Self::OverBudget(limit) => status::over_budget(limit),
            Self::TooManyMessages => status::not_one_message("more than one message"),
            Self::NoMessage => status::not_one_message("no message"),
            Self::CallEnded => status::call_ended(),
        }
    }
}

impl Receiver {
    pub(super) fn new(stream: RecvStream, share: Share, requests: Requests) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                stream: Some(stream),
                waiting: Chunks::default(),
                end: None,
                share: Some(share),
                framing: Framing::default(),
                messages: 0,
                requests,
                passed: 0,
                reader: None,
            }),
            is_cancelled: AtomicBool::new(false),
        })
    }

    /// Whether the client has ended the call, or is gone.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Relaxed)
    }

    /// Reads what has arrived. The task is woken when there is more.
    pub(super) fn fill(&self, cx: &mut Context<'_>) {
        let mut state = self.state();
        let had = (state.waiting.len(), state.end.is_some());
        state.read(cx);
        if let Some(End::Failed(Failure::Cancelled)) = state.end {
            self.is_cancelled.store(true, Relaxed);
        }
        if had != (state.waiting.len(), state.end.is_some()) {
            let reader = state.reader.take();
            drop(state);
            // The call's own task goes on to poll what reads.
            if let Some(reader) = reader.filter(|reader| !reader.will_wake(cx.waker())) {
                reader.wake();
            }
        }
    }

    /// The client has reset the stream, or the connection is lost.
    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Relaxed);
        self.close(Failure::Cancelled);
    }

    /// The call has ended. Whoever still reads its request gets an error.
    pub(super) fn end(&self) {
        self.close(Failure::CallEnded);
    }

    /// Takes memory for what is made of the request; whether there is as much.
    #[cfg(feature = "compression")]
    pub(super) fn take(&self, bytes: u64) -> bool {
        let mut state = self.state();
        state.share.as_mut().is_some_and(|share| share.take(bytes))
    }

    /// Gives back what was taken by [`take`](Self::take).
    #[cfg(feature = "compression")]
    pub(super) fn give_back(&self, bytes: u64) {
        self.state().give_back(bytes);
    }

    /// What all requests may take together.
    #[cfg(feature = "compression")]
    pub(super) fn memory_limit(&self) -> u64 {
        self.state().share.as_ref().map_or(0, Share::limit)
    }

    fn close(&self, failure: Failure) {
        let mut state = self.state();
        state.share = None;
        if !matches!(state.end, Some(End::Failed(_))) {
            state.fail(failure);
        }
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn read(&mut self, cx: &mut Context<'_>) {
        while let (Some(stream), None) = (&mut self.stream, &self.end) {
            match stream.poll_data(cx) {
                Poll::Pending => return,
                Poll::Ready(Some(Ok(data))) => self.push(data),
                Poll::Ready(Some(Err(_))) => self.fail(Failure::Cancelled),
                Poll::Ready(None) => match stream.poll_trailers(cx) {
                    Poll::Pending => return,
                    Poll::Ready(Ok(trailers)) => self.end = Some(End::Complete(trailers)),
                    Poll::Ready(Err(_)) => self.fail(Failure::Cancelled),
                },
            }
        }
    }

    fn push(&mut self, data: Bytes) {
        let Some(share) = &mut self.share else {
            return;
        };
        if share.take(data.len() as u64) {
            self.waiting.push(data);
        } else {
            let limit = share.limit();
            self.fail(Failure::OverBudget(limit));
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.give_back(self.waiting.len() as u64);
        self.waiting = Chunks::default();
        self.end = Some(End::Failed(failure));
        // What still arrives is ignored, and does not fill the connection's window.
        self.stream = None;
    }

    fn give_back(&mut self, bytes: u64) {
        if let Some(share) = &mut self.share {
            share.give_back(bytes);
        }
    }

    /// The body is asked for more: messages that it has passed on before are no longer in use,
    /// except for one that is not complete.
    fn forget_passed(&mut self) {
        let incomplete = self.framing.incomplete();
        self.give_back(self.passed - incomplete);
        self.passed = incomplete;
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.forget_passed();
        if let Some(data) = self.waiting.pop() {
            let len = data.len();
            if let Some(stream) = &mut self.stream {
                let _ = stream.flow_control().release_capacity(len);
            }
            self.passed += len as u64;
            let mut messages = self.messages;
            self.framing.advance(&data, |_| {
                messages += 1;
                false
            });
            self.messages = messages;
            if self.requests == Requests::One && messages > 1 {
                self.fail(Failure::TooManyMessages);
            } else {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
        let is_empty = self.requests == Requests::One && self.messages == 0;
        if is_empty && matches!(self.end, Some(End::Complete(_))) {
            self.fail(Failure::NoMessage);
        }
        match &mut self.end {
            None => {
                if self
                    .reader
                    .as_ref()
                    .is_none_or(|reader| !reader.will_wake(cx.waker()))
                {
                    self.reader = Some(cx.waker().clone());
                }
                Poll::Pending
            }
            Some(End::Complete(trailers)) => Poll::Ready(
                trailers
                    .take()
                    .map(|trailers| Ok(Frame::trailers(trailers))),
            ),
            Some(End::Failed(failure)) => Poll::Ready(Some(Err(failure.status()))),
        }
    }

    /// Nobody reads any more.
    fn abandon(&mut self) {
        self.give_back(self.waiting.len() as u64);
        self.waiting = Chunks::default();
        self.stream = None;
        self.reader = None;
    }
}

/// The body of a request.
pub(super) struct RequestBody {
    receiver: Arc<Receiver>,
    /// The end, or the error in its place, was passed on.
    is_done: bool,
}

impl RequestBody {
    pub(super) fn new(receiver: Arc<Receiver>) -> Self {
        Self {
            receiver,
            is_done: false,
        }
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let next = ready!(this.receiver.state().next(cx));
        this.is_done = !matches!(&next, Some(Ok(frame)) if frame.is_data());
        Poll::Ready(next)
    }

    /// Not before the end was passed on: tonic replaces a body that says so, and a request without
    /// a message would lose its error.
    fn is_end_stream(&self) -> bool {
        self.is_done
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.receiver.state().abandon();
    }
}
