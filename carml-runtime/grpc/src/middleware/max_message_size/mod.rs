//! `max_message_size`: refuses a message by its length prefix, before it is read or sent.

mod receive;
mod refused;

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use tonic::{Code, Status, body::Body};

use carml_config::{ByteSize, chain::Side, model};

use super::{Call, Implicit, MethodOptions, Middleware, Passed, Place, Refusal};
use crate::{code, message::Framing, status};
use refused::Refused;

#[derive(Debug)]
pub(crate) struct MaxMessageSize(MethodOptions<Limits>);

/// Limits in bytes, of one message without its five bytes of prefix.
#[derive(Clone, Copy, Debug)]
struct Limits {
    receive: u64,
    send: Option<u64>,
}

/// What passed of one call.
#[derive(Default)]
pub(crate) struct Messages {
    refused: Refused,
    answered: Framing,
}

impl Middleware for MaxMessageSize {
    type Options = model::MaxMessageSize;
    type State = Messages;

    fn build(options: &model::MaxMessageSize, place: &Place) -> Result<Self, Refusal> {
        let by_method = match options {
            model::MaxMessageSize::ByteSize(both) => MethodOptions::all(Limits {
                receive: both.bytes(),
                send: Some(both.bytes()),
            }),
            model::MaxMessageSize::MessageSizes(some) => {
                let default = Limits {
                    receive: some.receive.bytes(),
                    send: some.send.map(ByteSize::bytes),
                };
                let entries = some.methods.iter().map(|entry| {
                    let limits = Limits {
                        receive: entry.receive.map_or(default.receive, ByteSize::bytes),
                        send: entry.send.map(ByteSize::bytes).or(default.send),
                    };
                    (&entry.name[..], limits)
                });
                MethodOptions::new(default, entries, place)?
            }
        };
        Ok(Self(by_method))
    }

    /// The limit also holds for what is decompressed inside of this, or outside.
    fn begin(&self, call: &mut Call, _request: &Request<Body>) {
        call.max_received = Some(self.0.of(call).receive);
    }

    /// Puts a body around the request's, which fails at a message over the limit and passes on whole
    /// ones.
    fn arrive(
        &self,
        call: &mut Call,
        state: &mut Messages,
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let Some(limit) = self.0.of(call).request(call.side) else {
            return Ok(());
        };
        state.refused = Refused::new();
        let refused = state.refused.share();
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(receive::Limited::new(body, limit, refused));
        Ok(())
    }

    fn frame(&self, call: &mut Call, state: &mut Messages, frame: Frame<Bytes>) -> Passed {
        let limits = self.0.of(call);
        match (frame.data_ref(), limits.answer(call.side)) {
            (Some(data), Some(limit)) => {
                let over = state.answered.advance(data, |message| message.size > limit);
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
            (None, _) => limits.trailers(call.side, state, frame),
        }
    }
}

impl Limits {
    /// The limit of messages in a request.
    fn request(&self, side: Side) -> Option<u64> {
        match side {
            Side::Server => Some(self.receive),
            Side::Client => self.send,
        }
    }

    /// The limit of messages in an answer.
    fn answer(&self, side: Side) -> Option<u64> {
        match side {
            Side::Server => self.send,
            Side::Client => Some(self.receive),
        }
    }

    /// A call does not end with OK if a message of its request was refused, even if the handler
    /// ignored that.
    fn trailers(&self, side: Side, state: &Messages, frame: Frame<Bytes>) -> Passed {
        let ended = frame.trailers_ref().and_then(code::of);
        let refused = state.refused.get().filter(|_| ended == Some(Code::Ok));
        match refused.zip(self.request(side)) {
            Some((size, limit)) => Passed::End(status::too_large("request", size, limit)),
            None => Passed::Frame(frame),
        }
    }
}

impl Implicit for MaxMessageSize {
    /// A limit for messages received only.
    fn implicit(limit: u64) -> Self {
        Self(MethodOptions::all(Limits {
            receive: limit,
            send: None,
        }))
    }
}
