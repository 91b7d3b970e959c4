//! `compression`: compresses what is sent, and takes what comes compressed.
//!
//! - `mod`: a server's calls, and which side a call is on; `client`: a client's.
//! - `receive`, `send`: the messages of a body; `codec`: one message; `control`: what a handler may
//!   decide.

mod client;
mod codec;
mod control;
mod receive;
mod send;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use tonic::{Code, Status, body::Body};

use carml_config::{chain::Side, model};

use super::{Call, Middleware, Passed, Place, Refusal};
use crate::{code, server::Incoming, status};
use codec::Encoding;
pub use control::MessageCompression;
use receive::Decompressed;
use send::Sender;

/// How the messages of a body are compressed.
const ENCODING: &str = "grpc-encoding";

/// What may be sent to the one who says so.
const ACCEPT: &str = "grpc-accept-encoding";

/// The size of a message that no `max_message_size` limits.
const UNLIMITED: u64 = u32::MAX as u64;

#[derive(Debug)]
pub(crate) struct Compression {
    send: Option<Encoding>,
    accept: Vec<Encoding>,
    /// The names of `accept`.
    accepted: HeaderValue,
    min_size: u64,
}

/// What one call sends, and why what it received failed.
#[derive(Default)]
pub(crate) struct Work {
    sender: Option<Sender>,
    failed: Option<Arc<OnceLock<Status>>>,
    /// Why the answer that a client received cannot be read.
    unreadable: Option<Status>,
}

impl Middleware for Compression {
    type Options = model::Compression;
    type State = Work;

    fn build(options: &model::Compression, _place: &Place) -> Result<Self, Refusal> {
        let accept: Vec<Encoding> = options.accept.iter().map(|one| (*one).into()).collect();
        let names: Vec<&str> = accept.iter().map(|encoding| encoding.name()).collect();
        let names = if names.is_empty() {
            "identity".to_owned()
        } else {
            names.join(",")
        };
        Ok(Self {
            send: options.send.map(Encoding::from),
            accepted: HeaderValue::from_str(&names).unwrap_or(HeaderValue::from_static("identity")),
            accept,
            min_size: options.min_size.bytes(),
        })
    }

    fn arrive(
        &self,
        call: &mut Call,
        state: &mut Work,
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        if call.side == Side::Client {
            self.send_request(request);
            return Ok(());
        }
        let control = MessageCompression::default();
        let encoding = request.headers_mut().remove(ENCODING);
        if let Some(name) = encoding.filter(|name| name != "identity") {
            let mut accepted = self.accept.iter();
            let encoding = accepted.find(|encoding| name == encoding.name());
            let Some(encoding) = encoding else {
                return Err(status::unknown_encoding(&name, &self.accepted));
            };
            let failed = Arc::default();
            state.failed = Some(Arc::clone(&failed));
            let incoming = request.extensions().get::<Incoming>().cloned();
            let limit = call.max_received.unwrap_or(UNLIMITED);
            let body = std::mem::take(request.body_mut());
            let body = Decompressed::new(
                body,
                "request",
                *encoding,
                limit,
                incoming,
                control.clone(),
                failed,
            );
            *request.body_mut() = Body::new(body);
        }
        let accepted = request.headers().get(ACCEPT);
        state.sender = self
            .send
            .filter(|encoding| accepted.is_some_and(|list| is_in(encoding.name(), list)))
            .map(|encoding| Sender::new(encoding, self.min_size, control.clone()));
        request.extensions_mut().insert(control);
        Ok(())
    }

    fn answer(&self, call: &mut Call, state: &mut Work, answer: &mut Response<Body>) {
        match call.side {
            Side::Server => self.head(call, state, answer.headers_mut()),
            Side::Client => state.unreadable = self.receive_answer(call, answer).err(),
        }
    }

    fn head(&self, _call: &mut Call, state: &mut Work, headers: &mut HeaderMap) {
        headers.insert(ACCEPT, self.accepted.clone());
        if let Some(sender) = &state.sender
            && !headers.contains_key(Status::GRPC_STATUS)
        {
            headers.insert(ENCODING, HeaderValue::from_static(sender.encoding().name()));
        }
    }

    fn frame(&self, _call: &mut Call, state: &mut Work, frame: Frame<Bytes>) -> Passed {
        if let Some(status) = state.unreadable.take() {
            return Passed::End(status);
        }
        let frame = match (&mut state.sender, frame.into_data()) {
            (Some(sender), Ok(data)) => Frame::data(sender.push(data)),
            (None, Ok(data)) => Frame::data(data),
            (_, Err(trailers)) => trailers,
        };
        // A call does not end with OK if a message of its request was refused, even if the handler
        // ignored that.
        let ended = frame.trailers_ref().and_then(code::of);
        let failed = state.failed.as_ref().and_then(|failed| failed.get());
        match failed.filter(|_| ended == Some(Code::Ok)) {
            Some(status) => Passed::End(status.clone()),
            None => Passed::Frame(frame),
        }
    }
}

/// Whether a name is in a list with commas.
fn is_in(name: &str, list: &HeaderValue) -> bool {
    let mut names = list.as_bytes().split(|byte| *byte == b',');
    names.any(|one| one.trim_ascii() == name.as_bytes())
}
