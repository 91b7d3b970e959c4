//! Sends a request's messages, as HTTP/2's flow control allows.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::Body;
use tonic::Status;

/// The sending half of one attempt.
pub(super) struct Pump<B> {
    body: B,
    stream: SendStream<Bytes>,
    /// Bytes that wait for room.
    next: Option<Bytes>,
    /// What comes after them, if it is known.
    ahead: Option<Option<Result<Bytes, Status>>>,
    is_done: bool,
}

impl<B: Body<Data = Bytes, Error = Status> + Unpin> Pump<B> {
    pub(super) fn new(body: B, stream: SendStream<Bytes>) -> Self {
        Self {
            body,
            stream,
            next: None,
            ahead: None,
            is_done: false,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Ready when all is sent, or when the server takes no more. An error is one of the request.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        loop {
            if self.is_done {
                return Poll::Ready(Ok(()));
            }
            if self.next.is_some() {
                ready!(self.send(cx));
                continue;
            }
            let next = match self.ahead.take() {
                Some(ahead) => ahead,
                None => match self.poll_next(cx) {
                    Poll::Ready(next) => next,
                    Poll::Pending => {
                        // An answer may end the call before the request is complete.
                        self.is_done = self.stream.poll_reset(cx).is_ready();
                        if self.is_done {
                            continue;
                        }
                        return Poll::Pending;
                    }
                },
            };
            match next {
                Some(Ok(data)) => self.next = Some(data),
                Some(Err(status)) => {
                    self.stream.send_reset(Reason::CANCEL);
                    self.is_done = true;
                    return Poll::Ready(Err(status));
                }
                None => {
                    // Fails if the server has ended the stream.
                    let _ = self.stream.send_data(Bytes::new(), true);
                    self.is_done = true;
                }
            }
        }
    }

    /// The next bytes of the body.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        loop {
            if self.body.is_end_stream() {
                return Poll::Ready(None);
            }
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                None => return Poll::Ready(None),
            };
            // A request of gRPC has no trailers.
            match frame.into_data() {
                Ok(data) if !data.is_empty() => return Poll::Ready(Some(Ok(data))),
                _ => {}
            }
        }
    }

    /// Sends what there is room for.
    fn send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(data) = &mut self.next else {
            return Poll::Ready(());
        };
        let mut room = self.stream.capacity();
        if room == 0 {
            self.stream.reserve_capacity(data.len());
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(granted)) => room = granted,
                Some(Err(_)) | None => {
                    self.is_done = true;
                    return Poll::Ready(());
                }
            }
        }
        let part = data.split_to(room.min(data.len()));
        let is_whole = data.is_empty();
        let mut is_end = false;
        if is_whole {
            self.next = None;
            // The end goes with the last bytes, if it is known.
            if let Poll::Ready(ahead) = self.poll_next(cx) {
                is_end = ahead.is_none();
                self.ahead = Some(ahead);
            }
        }
        self.is_done = self.stream.send_data(part, is_end).is_err() || is_end;
        Poll::Ready(())
    }
}
