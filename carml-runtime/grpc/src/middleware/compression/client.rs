//! The calls of a client: requests that are compressed, and answers that came so.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::Frame;
use tonic::{Status, body::Body};

use super::{
    ACCEPT, Call, Compression, ENCODING, MessageCompression, UNLIMITED, codec::Encoding,
    receive::Decompressed, send::Sender,
};
use crate::status;

impl Compression {
    /// Compresses the messages of a request, and says how its answer may be compressed.
    pub(super) fn send_request(&self, request: &mut Request<Body>) {
        let headers = request.headers_mut();
        headers.insert(ACCEPT, self.accepted.clone());
        if let Some(encoding) = self.send {
            headers.insert(ENCODING, HeaderValue::from_static(encoding.name()));
            let control = MessageCompression::default();
            let body = std::mem::take(request.body_mut());
            *request.body_mut() = Body::new(Compressed {
                inner: body,
                sender: Sender::new(encoding, self.min_size, control),
            });
        }
    }

    /// Decompresses the messages of an answer. An error is how the call ends.
    pub(super) fn receive_answer(
        &self,
        call: &Call,
        answer: &mut Response<Body>,
    ) -> Result<(), Status> {
        let encoding = answer.headers_mut().remove(ENCODING);
        let Some(name) = encoding.filter(|name| name != "identity") else {
            return Ok(());
        };
        let is_it = |encoding: &&Encoding| name == encoding.name();
        let Some(encoding) = self.accept.iter().find(is_it) else {
            return Err(status::unknown_answer_encoding(&name, &self.accepted));
        };
        let limit = call.max_received.unwrap_or(UNLIMITED);
        let body = std::mem::take(answer.body_mut());
        // The error of the body ends the call.
        let (control, failed) = (MessageCompression::default(), Arc::default());
        let body = Decompressed::new(body, "answer", *encoding, limit, None, control, failed);
        *answer.body_mut() = Body::new(body);
        Ok(())
    }
}

/// A request's body whose messages are compressed.
struct Compressed {
    inner: Body,
    sender: Sender,
}

impl http_body::Body for Compressed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let polled = ready!(Pin::new(&mut this.inner).poll_frame(cx));
        let frame = match polled {
            Some(Ok(frame)) => frame,
            ended => return Poll::Ready(ended),
        };
        Poll::Ready(Some(Ok(match frame.into_data() {
            Ok(data) => Frame::data(this.sender.push(data)),
            Err(trailers) => trailers,
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}
