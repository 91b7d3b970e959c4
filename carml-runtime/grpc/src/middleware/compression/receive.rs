//! The messages of a body that is compressed.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use bytes::{BufMut as _, Bytes, BytesMut};
use http_body::Frame;
use tonic::{Status, body::Body};

use super::{
    codec::{Encoding, Failure},
    control::MessageCompression,
    send::size,
};
use crate::{server::Incoming, status};

type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// The flag and the length before each message.
const PREFIX: usize = 5;

/// A body whose messages are decompressed, one at a time.
pub(super) struct Decompressed {
    inner: Body,
    /// Whether it is of a `request` or of an `answer`.
    what: &'static str,
    encoding: Encoding,
    limit: u64,
    /// Absent if the chain is in another server than ours.
    incoming: Option<Incoming>,
    control: MessageCompression,
    failed: Arc<OnceLock<Status>>,
    /// What has arrived, and is not passed on.
    waiting: BytesMut,
    /// What the message that was passed on last takes of the server's memory.
    taken: u64,
    /// The inner body has ended, with these trailers.
    end: Option<Option<Frame<Bytes>>>,
    is_done: bool,
}

impl Decompressed {
    pub(super) fn new(
        inner: Body,
        what: &'static str,
        encoding: Encoding,
        limit: u64,
        incoming: Option<Incoming>,
        control: MessageCompression,
        failed: Arc<OnceLock<Status>>,
    ) -> Self {
        Self {
            inner,
            what,
            encoding,
            limit,
            incoming,
            control,
            failed,
            waiting: BytesMut::new(),
            taken: 0,
            end: None,
            is_done: false,
        }
    }

    /// The next message, if it is whole.
    fn message(&mut self) -> Option<Result<Bytes, Status>> {
        let size = size(&self.waiting)?;
        if size as u64 > self.limit {
            return Some(Err(status::too_large(self.what, size as u64, self.limit)));
        }
        if self.waiting.len() - PREFIX < size {
            return None;
        }
        let message = self.waiting.split_to(PREFIX + size).freeze();
        let is_compressed = message[0] == 1;
        self.control.received(is_compressed);
        // A flag that does not exist is the decoder's to refuse.
        Some(match is_compressed {
            true => self.decompress(&message[PREFIX..]),
            false => Ok(message),
        })
    }

    fn decompress(&mut self, message: &[u8]) -> Result<Bytes, Status> {
        let mut out = BytesMut::with_capacity(PREFIX + 2 * message.len());
        out.put_bytes(0, PREFIX);
        let incoming = self.incoming.as_ref();
        let taken = &mut self.taken;
        let reserve = |bytes| {
            let has_room = incoming.is_none_or(|incoming| incoming.take(bytes));
            *taken += if has_room { bytes } else { 0 };
            has_room
        };
        let done = self
            .encoding
            .decompress(message, &mut out, self.limit, reserve);
        match done {
            Ok(()) => {
                let size = u32::try_from(out.len() - PREFIX).unwrap_or(u32::MAX);
                out[1..PREFIX].copy_from_slice(&size.to_be_bytes());
                Ok(out.freeze())
            }
            Err(Failure::TooLarge) => Err(status::too_large_decompressed(self.what, self.limit)),
            Err(Failure::OverBudget) => Err(status::over_budget(
                incoming.map_or(self.limit, Incoming::memory_limit),
            )),
            Err(Failure::Corrupt(error)) => {
                Err(status::not_decompressed(self.encoding.name(), &error))
            }
        }
    }

    /// The service asks for more: it has used the message before.
    fn give_back(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if let Some(incoming) = self.incoming.as_ref().filter(|_| taken > 0) {
            incoming.give_back(taken);
        }
    }
}

impl http_body::Body for Decompressed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        if this.is_done {
            return Poll::Ready(None);
        }
        this.give_back();
        loop {
            match this.message() {
                Some(Ok(message)) => return Poll::Ready(Some(Ok(Frame::data(message)))),
                Some(Err(status)) => {
                    this.is_done = true;
                    let _ = this.failed.set(status.clone());
                    return Poll::Ready(Some(Err(status)));
                }
                None => {}
            }
            if let Some(trailers) = &mut this.end {
                // The decoder reports a message that ends too early.
                if !this.waiting.is_empty() {
                    let rest = this.waiting.split().freeze();
                    return Poll::Ready(Some(Ok(Frame::data(rest))));
                }
                this.is_done = true;
                return Poll::Ready(trailers.take().map(Ok));
            }
            match Pin::new(&mut this.inner).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => this.waiting.extend_from_slice(&data),
                    Err(trailers) => this.end = Some(Some(trailers)),
                },
                Poll::Ready(None) => this.end = Some(None),
                polled => return polled,
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_done
    }
}
