//! `max_message_size`: refuses a message by its length prefix, before it is read or sent.

mod receive;
mod refused;

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use tonic::{Code, Status, body::Body};

use carml_config::ByteSize;

use super::{Call, Implicit, Middleware, Passed};
use crate::{code, message::Framing, status};
use refused::Refused;

/// Limits in bytes, of one message without its five bytes of prefix.
#[derive(Debug)]
pub(crate) struct MaxMessageSize {
    receive: u64,
    send: Option<u64>,
}

/// What one call has received and sent.
#[derive(Default)]
pub(crate) struct Messages {
    received: Refused,
    sent: Framing,
}

impl Middleware for MaxMessageSize {
    type Options = ByteSize;
    type State = Messages;

    fn build(limit: &ByteSize) -> Self {
        Self {
            receive: limit.bytes(),
            send: Some(limit.bytes()),
        }
    }

    /// Puts a body around the request's, which fails at a message over the limit and passes on whole
    /// ones.
    fn arrive(
        &self,
        _call: &mut Call,
        state: &mut Messages,
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        state.received = Refused::new();
        let refused = state.received.share();
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(receive::Limited::new(body, self.receive, refused));
        Ok(())
    }

    fn frame(&self, _call: &mut Call, state: &mut Messages, frame: Frame<Bytes>) -> Passed {
        match (frame.data_ref(), self.send) {
            (Some(data), Some(limit)) => {
                let over = state.sent.advance(data, |message| message.size > limit);
                let Some(over) = over else {
                    return Passed::Frame(frame);
                };
                let refusal = status::too_large("answer", over.size, limit);
                if over.start == 0 {
                    return Passed::End(refusal);
                }
                Passed::FrameThenEnd(Frame::data(data.slice(..over.start)), refusal)
            }
            (Some(_), None) => Passed::Frame(frame),
            (None, _) => self.trailers(state, frame),
        }
    }
}

impl MaxMessageSize {
    /// A call does not end with OK if a message of its request was refused, even if the handler
    /// ignored that.
    fn trailers(&self, state: &Messages, frame: Frame<Bytes>) -> Passed {
        let ended = frame.trailers_ref().and_then(code::of);
        match state.received.get().filter(|_| ended == Some(Code::Ok)) {
            Some(size) => Passed::End(status::too_large("request", size, self.receive)),
            None => Passed::Frame(frame),
        }
    }
}

impl Implicit for MaxMessageSize {
    /// A limit for messages received only.
    fn implicit(limit: u64) -> Self {
        Self {
            receive: limit,
            send: None,
        }
    }
}
