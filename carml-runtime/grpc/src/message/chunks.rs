use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// A chunk below this size is copied to the one before it.
const SMALL: usize = 4096;

/// A chunk made of small ones is not larger than this.
const MAX_JOINED: usize = 65_536;

/// Received bytes that wait, in order.
///
/// However small the frames that they came in, what is kept is not much larger than the bytes
/// themselves: small ones are joined. One that arrives alone is kept as it is.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    first: Bytes,
    rest: VecDeque<Bytes>,
    joined: BytesMut,
    len: usize,
}

impl Chunks {
    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, chunk: Bytes) {
        let is_only = self.len == 0;
        self.len += chunk.len();
        if is_only {
            self.first = chunk;
            return;
        }
        if chunk.len() < SMALL {
            self.joined.extend_from_slice(&chunk);
            if self.joined.len() >= MAX_JOINED {
                self.seal();
            }
            return;
        }
        self.seal();
        self.rest.push_back(chunk);
    }

    pub(crate) fn pop(&mut self) -> Option<Bytes> {
        if self.first.is_empty() {
            if self.rest.is_empty() {
                self.seal();
            }
            self.first = self.rest.pop_front()?;
        }
        self.len -= self.first.len();
        Some(std::mem::take(&mut self.first))
    }

    /// Nothing is joined to what is here.
    fn seal(&mut self) {
        if !self.joined.is_empty() {
            self.rest.push_back(self.joined.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_chunks_are_joined_and_bytes_stay_in_order() {
        let mut chunks = Chunks::default();
        let mut pushed = Vec::new();
        let sizes = [1, 2, 5000, 3, 4, 6000, 7000, 5];
        for (n, size) in (0_u8..).zip(sizes) {
            let chunk = vec![n; size];
            pushed.extend_from_slice(&chunk);
            chunks.push(chunk.into());
        }
        assert_eq!(chunks.len(), pushed.len());
        let popped: Vec<Bytes> = std::iter::from_fn(|| chunks.pop()).collect();
        assert_eq!(popped.concat(), pushed);
        assert_eq!(popped.len(), 7, "3 and 4 are one");
        assert_eq!(chunks.len(), 0);
    }

    #[test]
    fn a_million_single_bytes_take_little_more_than_a_million_bytes() {
        let mut chunks = Chunks::default();
        for _ in 0..1_000_000 {
            chunks.push(Bytes::from_static(b"x"));
        }
        assert!(chunks.rest.len() < 20);
    }
}
