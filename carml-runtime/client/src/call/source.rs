//! The messages of a request, kept while they may be sent again.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use tonic::{Status, body::Body};

use crate::status;

/// What one call keeps at most, and all calls of a target together. Beyond it, a call is sent once.
const MAX_CALL: usize = 1 << 20;
const MAX_TARGET: usize = 16 << 20;

/// The body of a request, which each attempt reads from its beginning. Cheap to clone.
#[derive(Clone)]
pub(super) struct Source(Arc<Mutex<Kept>>);

struct Kept {
    body: Body,
    kept: Vec<Bytes>,
    kept_bytes: usize,
    /// Whether the request can be sent again from its beginning.
    is_kept: bool,
    has_ended: bool,
    readers: usize,
    /// The reader that has what was not kept: others cannot go on.
    owner: Option<usize>,
    /// What all calls of the target keep.
    total: Arc<AtomicUsize>,
}

/// The request of one attempt.
pub(super) struct Reader {
    source: Source,
    id: usize,
    /// How many of the kept bytes it has had.
    position: usize,
}

impl Source {
    pub(super) fn new(body: Body, total: Arc<AtomicUsize>) -> Self {
        Self(Arc::new(Mutex::new(Kept {
            has_ended: body.is_end_stream(),
            body,
            kept: Vec::new(),
            kept_bytes: 0,
            is_kept: true,
            readers: 0,
            owner: None,
            total,
        })))
    }

    /// Whether the request can be sent again.
    pub(super) fn can_repeat(&self) -> bool {
        self.lock().is_kept
    }

    /// The request will not be sent again.
    pub(super) fn commit(&self) {
        self.lock().is_kept = false;
    }

    /// The request from its beginning.
    pub(super) fn reader(&self) -> Reader {
        let mut kept = self.lock();
        kept.readers += 1;
        Reader {
            source: self.clone(),
            id: kept.readers,
            position: 0,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl http_body::Body for Reader {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let next = this
            .source
            .lock()
            .poll_next(this.id, &mut this.position, cx);
        next.map(|next| next.map(|data| data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        let kept = self.source.lock();
        kept.has_ended && self.position >= kept.kept.len()
    }
}

impl Kept {
    /// The next bytes of the body, for a reader that has had `position` of the kept ones.
    fn poll_next(
        &mut self,
        reader: usize,
        position: &mut usize,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        if self.owner.is_some_and(|owner| owner != reader) {
            return Poll::Ready(Some(Err(status::superseded())));
        }
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
            } else {
                self.owner = Some(reader);
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

impl Drop for Kept {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

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

    fn read(reader: &mut Reader) -> Option<Result<usize, Status>> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        match Pin::new(reader).poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(frame))) => Some(Ok(frame.data_ref().map_or(0, Bytes::len))),
            Poll::Ready(Some(Err(status))) => Some(Err(status)),
            Poll::Ready(None) => None,
            Poll::Pending => panic!("the frames are ready"),
        }
    }

    fn sizes(reader: &mut Reader, count: usize) -> Vec<usize> {
        let all = (0..count).map_while(|_| read(reader));
        all.map(|size| size.expect("no error")).collect()
    }

    #[test]
    fn a_request_is_read_again_from_its_beginning() {
        let (source, total) = source(&[3, 4]);
        let mut first = source.reader();
        assert_eq!(sizes(&mut first, 1), [3]);
        let mut second = source.reader();
        assert_eq!(sizes(&mut second, 3), [3, 4]);
        assert!(second.is_end_stream());
        assert!(source.can_repeat());
        assert_eq!(total.load(Relaxed), 7);
        let mut third = source.reader();
        assert_eq!(sizes(&mut third, 1), [3]);
        // What is committed is still read to its end.
        source.commit();
        assert_eq!(sizes(&mut third, 2), [4]);
        assert_eq!(total.load(Relaxed), 0);
    }

    #[test]
    fn a_request_over_the_limit_is_not_kept_and_one_reader_goes_on() {
        let (source, total) = source(&[MAX_CALL, 1, 5]);
        let (mut reader, mut other) = (source.reader(), source.reader());
        assert_eq!(sizes(&mut reader, 1), [MAX_CALL]);
        assert_eq!(sizes(&mut other, 1), [MAX_CALL]);
        assert!(source.can_repeat());
        assert_eq!(sizes(&mut reader, 1), [1]);
        assert!(!source.can_repeat());
        assert_eq!(total.load(Relaxed), 0);
        assert!(matches!(read(&mut other), Some(Err(_))));
        assert_eq!(sizes(&mut reader, 2), [5]);
    }
}
