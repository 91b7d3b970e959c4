//! The messages of a request, kept while they may be sent again.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::Body as _;
use tonic::{Status, body::Body};

/// What one call keeps at most, and all calls of a target together. Beyond it, a call is sent once.
const MAX_CALL: usize = 1 << 20;
const MAX_TARGET: usize = 16 << 20;

/// The body of a request.
pub(super) struct Source {
    body: Body,
    kept: Vec<Bytes>,
    kept_bytes: usize,
    /// Whether the request can be sent again from its beginning.
    is_kept: bool,
    has_ended: bool,
    /// What all calls of the target keep.
    total: Arc<AtomicUsize>,
}

impl Source {
    pub(super) fn new(body: Body, total: Arc<AtomicUsize>) -> Self {
        Self {
            has_ended: body.is_end_stream(),
            body,
            kept: Vec::new(),
            kept_bytes: 0,
            is_kept: true,
            total,
        }
    }

    /// Whether the request can be sent again.
    pub(super) fn can_repeat(&self) -> bool {
        self.is_kept
    }

    /// The request will not be sent again.
    pub(super) fn commit(&mut self) {
        self.is_kept = false;
    }

    /// The next bytes of the body, for a reader that has had `position` of the kept ones.
    pub(super) fn poll_next(
        &mut self,
        position: &mut usize,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        if let Some(kept) = self.kept.get(*position) {
            *position += 1;
            return Poll::Ready(Some(Ok(kept.clone())));
        }
        if !self.is_kept && !self.kept.is_empty() {
            self.release();
            *position = 0;
        }
        while !self.has_ended {
            let polled = ready!(Pin::new(&mut self.body).poll_frame(cx));
            let Some(frame) = polled else {
                self.has_ended = true;
                break;
            };
            let data = match frame {
                Ok(frame) => frame.into_data(),
                Err(status) => return Poll::Ready(Some(Err(status))),
            };
            // A request of gRPC has no trailers.
            let Ok(data) = data else { continue };
            if data.is_empty() {
                continue;
            }
            if self.is_kept && self.keep(&data) {
                *position += 1;
            }
            return Poll::Ready(Some(Ok(data)));
        }
        Poll::Ready(None)
    }

    /// Keeps these bytes, if there is room.
    fn keep(&mut self, data: &Bytes) -> bool {
        let total = self.total.fetch_add(data.len(), Relaxed) + data.len();
        self.kept_bytes += data.len();
        if self.kept_bytes > MAX_CALL || total > MAX_TARGET {
            self.is_kept = false;
            self.release();
            return false;
        }
        self.kept.push(data.clone());
        true
    }

    fn release(&mut self) {
        self.kept = Vec::new();
        let bytes = std::mem::take(&mut self.kept_bytes);
        self.total.fetch_sub(bytes, Relaxed);
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use http_body::Frame;

    use super::*;

    struct Frames(VecDeque<Bytes>);

    impl http_body::Body for Frames {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.0.pop_front().map(|data| Ok(Frame::data(data))))
        }
    }

    fn source(sizes: &[usize]) -> (Source, Arc<AtomicUsize>) {
        let frames = sizes.iter().map(|size| Bytes::from(vec![7; *size]));
        let total = Arc::new(AtomicUsize::new(0));
        let body = Body::new(Frames(frames.collect()));
        (Source::new(body, Arc::clone(&total)), total)
    }

    fn read(source: &mut Source, position: &mut usize) -> Option<usize> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        match source.poll_next(position, &mut cx) {
            Poll::Ready(Some(Ok(data))) => Some(data.len()),
            Poll::Ready(None) => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_is_read_again_from_its_beginning() {
        let (mut source, total) = source(&[3, 4]);
        let mut first = 0;
        assert_eq!(read(&mut source, &mut first), Some(3));
        let mut second = 0;
        assert_eq!(read(&mut source, &mut second), Some(3));
        assert_eq!(read(&mut source, &mut second), Some(4));
        assert_eq!(read(&mut source, &mut second), None);
        assert!(source.can_repeat());
        assert_eq!(total.load(Relaxed), 7);
        let mut third = 0;
        assert_eq!(read(&mut source, &mut third), Some(3));
        // What is committed is still read to its end.
        source.commit();
        assert_eq!(read(&mut source, &mut third), Some(4));
        assert_eq!(read(&mut source, &mut third), None);
        assert_eq!(total.load(Relaxed), 0);
    }

    #[test]
    fn a_request_over_the_limit_is_not_kept() {
        let (mut source, total) = source(&[MAX_CALL, 1, 5]);
        let mut position = 0;
        assert_eq!(read(&mut source, &mut position), Some(MAX_CALL));
        assert!(source.can_repeat());
        assert_eq!(read(&mut source, &mut position), Some(1));
        assert!(!source.can_repeat());
        assert_eq!(total.load(Relaxed), 0);
        assert_eq!(read(&mut source, &mut position), Some(5));
        assert_eq!(read(&mut source, &mut position), None);
    }
}
