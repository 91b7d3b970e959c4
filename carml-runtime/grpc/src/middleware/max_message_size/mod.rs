//! `max_message_size`: refuses a message by its length prefix, before it is read or sent.

mod receive;
mod refused;
mod scan;

use std::{fmt, task::Poll};

use bytes::Bytes;
use http_body::Frame;
use tonic::{Code, Status, body::Body};

use super::super::chain::{Call, trailers};
use crate::status;

pub(crate) use refused::Refused;
pub(crate) use scan::Scanner;

/// gRPC's own limit for messages received.
const IMPLICIT: u64 = 4 * 1024 * 1024;

/// Limits in bytes, of one message without its five bytes of prefix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    receive: u64,
    send: Option<u64>,
}

impl Limits {
    pub(crate) fn both(limit: u64) -> Self {
        Self {
            receive: limit,
            send: Some(limit),
        }
    }

    pub(crate) fn implicit() -> Self {
        Self {
            receive: IMPLICIT,
            send: None,
        }
    }

    /// The request's body, which fails at a message over the limit.
    pub(crate) fn receiving(self, call: &Call, body: Body) -> Body {
        let refused = call.received.share();
        Body::new(receive::Limited::new(body, self.receive, refused))
    }

    /// The end of a call: not OK if a message of its request was refused, whatever the handler
    /// made of that.
    pub(crate) fn ending(self, call: &Call, ended: &Status) -> Option<Status> {
        let size = call.received.get().filter(|_| ended.code() == Code::Ok)?;
        Some(status::too_large("request", size, self.receive))
    }

    /// The frame, or what replaces it: what stands before the message over the limit, then
    /// trailers.
    pub(crate) fn sending(
        self,
        call: &mut Call,
        frame: Frame<Bytes>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(ended) = frame.trailers_ref().and_then(Status::from_header_map)
            && let Some(refusal) = self.ending(call, &ended)
        {
            return trailers(&refusal);
        }
        let (Some(limit), Some(data)) = (self.send, frame.data_ref()) else {
            return Poll::Ready(Some(Ok(frame)));
        };
        let Some(over) = call.sent.over(data, limit) else {
            return Poll::Ready(Some(Ok(frame)));
        };
        let refusal = status::too_large("answer", over.size, limit);
        if over.good == 0 {
            return trailers(&refusal);
        }
        call.refused = Some(refusal);
        Poll::Ready(Some(Ok(Frame::data(data.slice(..over.good)))))
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "receive {}", self.receive)?;
        match self.send {
            Some(send) => write!(f, ", send {send}"),
            None => Ok(()),
        }
    }
}
