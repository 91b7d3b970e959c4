use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

use super::refused::Refused;
use crate::{
    message::{Chunks, Framing},
    status,
};

type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// A request's body that passes a message on once it is whole, and fails at one over the limit.
///
/// tonic reserves memory for a whole message as soon as it has the prefix: what a client declares
/// and does not send must not get so far.
pub(super) struct Limited {
    inner: Body,
    framing: Framing,
    limit: u64,
    refused: Refused,
    /// Set when messages before the refused one were let through with their frame.
    over: Option<u64>,
    /// Messages that are whole.
    ready: Chunks,
    /// The beginning of a message that is not.
    begun: Chunks,
    /// The inner body has ended, with these trailers.
    end: Option<Option<Frame<Bytes>>>,
}

impl Limited {
    pub(super) fn new(inner: Body, limit: u64, refused: Refused) -> Self {
        Self {
            inner,
            framing: Framing::default(),
            limit,
            refused,
            over: None,
            ready: Chunks::default(),
            begun: Chunks::default(),
            end: None,
        }
    }

    fn refuse(&self, size: u64) -> Polled {
        self.refused.set(size);
        Poll::Ready(Some(Err(status::too_large("request", size, self.limit))))
    }

    /// Takes the next bytes, and returns them if they are whole messages and nothing is before them.
    fn take(&mut self, mut data: Bytes) -> Option<Bytes> {
        let limit = self.limit;
        let over = self.framing.advance(&data, |message| message.size > limit);
        let begun = match over {
            Some(over) => {
                self.over = Some(over.size);
                data.truncate(over.start);
                0
            }
            None => usize::try_from(self.framing.incomplete()).unwrap_or(usize::MAX),
        };
        if begun == 0 && self.begun.len() == 0 {
            return Some(data).filter(|data| !data.is_empty());
        }
        if begun >= data.len() {
            self.begun.push(data);
            return None;
        }
        let rest = data.split_off(data.len() - begun);
        self.ready = std::mem::take(&mut self.begun);
        self.ready.push(data);
        self.begun.push(rest);
        None
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        loop {
            if let Some(ready) = this.ready.pop() {
                return Poll::Ready(Some(Ok(Frame::data(ready))));
            }
            if let Some(size) = this.over {
                return this.refuse(size);
            }
            if let Some(trailers) = &mut this.end {
                return Poll::Ready(trailers.take().map(Ok));
            }
            let frame = match Pin::new(&mut this.inner).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frame.into_data(),
                // The decoder reports a message that ends too early.
                Poll::Ready(None) => {
                    this.end = Some(None);
                    this.ready = std::mem::take(&mut this.begun);
                    continue;
                }
                polled => return polled,
            };
            match frame {
                Ok(data) => {
                    if let Some(whole) = this.take(data) {
                        return Poll::Ready(Some(Ok(Frame::data(whole))));
                    }
                }
                Err(trailers) => {
                    this.end = Some(Some(trailers));
                    this.ready = std::mem::take(&mut this.begun);
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let has_rest = self.over.is_some() || self.ready.len() + self.begun.len() > 0;
        !has_rest && (matches!(self.end, Some(None)) || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match self.ready.len() + self.begun.len() {
            0 => self.inner.size_hint(),
            _ => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::VecDeque;

    use http_body::Body as _;

    use super::*;

    struct Frames(VecDeque<Frame<Bytes>>);

    impl http_body::Body for Frames {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Polled {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    /// What is passed on of these frames: data, then whether trailers came, and the size refused.
    fn passed(frames: impl Iterator<Item = Frame<Bytes>>) -> (Vec<Bytes>, bool, Option<u64>) {
        let body = Body::new(Frames(frames.collect()));
        let refused = Refused::new();
        let mut limited = Limited::new(body, 10, refused.share());
        let (mut data, mut trailers) = (Vec::new(), false);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        loop {
            match Pin::new(&mut limited).poll_frame(&mut cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(bytes) => data.push(bytes),
                    Err(_) => trailers = true,
                },
                Poll::Ready(None | Some(Err(_))) => return (data, trailers, refused.get()),
                Poll::Pending => panic!("the frames are ready"),
            }
        }
    }

    fn message(size: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, size];
        bytes.resize(5 + usize::from(size), size);
        bytes
    }

    #[test]
    fn messages_are_passed_on_whole_however_frames_are_cut() {
        let body = [message(3), message(0), message(10), message(1)].concat();
        for cut in 1..=body.len() {
            let frames = body.chunks(cut).map(Bytes::copy_from_slice);
            let mut framing = Framing::default();
            let trailers = Frame::trailers(http::HeaderMap::new());
            let (data, has_trailers, _) = passed(frames.map(Frame::data).chain([trailers]));
            assert_eq!(data.concat(), body, "frames of {cut}");
            assert!(has_trailers);
            for bytes in &data {
                framing.advance(bytes, |_| false);
            }
            assert_eq!(framing.incomplete(), 0);
        }
    }

    #[test]
    fn what_is_before_a_message_over_the_limit_is_passed_on() {
        let body = [message(3), message(10), message(11), message(1)].concat();
        for cut in 1..=body.len() {
            let frames = body.chunks(cut).map(Bytes::copy_from_slice);
            let (data, _, refused) = passed(frames.map(Frame::data));
            assert_eq!(data.concat(), body[..8 + 15], "frames of {cut}");
            assert_eq!(refused, Some(11));
        }
    }

    #[test]
    fn an_incomplete_message_is_held_until_the_body_ends() {
        let mut body = message(10);
        body.truncate(12);
        let (data, trailers, refused) =
            passed([Frame::data(Bytes::from(body.clone()))].into_iter());
        assert_eq!((data.concat(), trailers, refused), (body, false, None));
    }
}
