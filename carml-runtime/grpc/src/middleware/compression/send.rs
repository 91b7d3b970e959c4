//! The messages of a body that is sent.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use super::{codec::Encoding, control::MessageCompression};

/// The flag and the length before each message.
const PREFIX: usize = 5;

/// Compresses the messages of one body.
pub(super) struct Sender {
    encoding: Encoding,
    min_size: u64,
    control: MessageCompression,
    /// The beginning of a message that is not whole: a service may cut frames anywhere.
    begun: BytesMut,
    messages: usize,
}

impl Sender {
    pub(super) fn new(encoding: Encoding, min_size: u64, control: MessageCompression) -> Self {
        Self {
            encoding,
            min_size,
            control,
            begun: BytesMut::new(),
            messages: 0,
        }
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Takes the next bytes, and returns the messages that are whole.
    pub(super) fn push(&mut self, data: Bytes) -> Bytes {
        let mut rest = if self.begun.is_empty() {
            data
        } else {
            self.begun.extend_from_slice(&data);
            self.begun.split().freeze()
        };
        let mut out = BytesMut::new();
        while let Some(size) = size(&rest).filter(|size| rest.len() - PREFIX >= *size) {
            let message = rest.split_to(PREFIX + size);
            if let Some(compressed) = self.compressed(&message) {
                out.reserve(PREFIX + compressed.len());
                out.put_u8(1);
                // It is smaller than the message was.
                out.put_u32(u32::try_from(compressed.len()).unwrap_or(u32::MAX));
                out.extend_from_slice(&compressed);
            } else if out.is_empty() && rest.is_empty() {
                self.messages += 1;
                return message;
            } else {
                out.extend_from_slice(&message);
            }
            self.messages += 1;
        }
        self.begun.extend_from_slice(&rest);
        out.freeze()
    }

    fn compressed(&self, message: &[u8]) -> Option<Vec<u8>> {
        let is_plain = message[0] == 0;
        let payload = &message[PREFIX..];
        let is_left = self.control.is_left(self.messages);
        if !is_plain || is_left || (payload.len() as u64) < self.min_size {
            return None;
        }
        self.encoding.compress(payload)
    }
}

/// The length of the first message, if its prefix is there.
pub(super) fn size(bytes: &[u8]) -> Option<usize> {
    let mut prefix = bytes.get(1..PREFIX)?;
    usize::try_from(prefix.get_u32()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.put_u32(u32::try_from(text.len()).unwrap_or_default());
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    #[test]
    fn messages_are_compressed_however_frames_are_cut() {
        let long = "long ".repeat(100);
        let body = [
            message("short"),
            message(&long),
            message(&long),
            message(""),
        ]
        .concat();
        let whole = {
            let control = MessageCompression::default();
            control.leave(2);
            Sender::new(Encoding::Gzip, 100, control).push(body.clone().into())
        };
        assert!(whole.len() < body.len());
        let flags = {
            let (mut rest, mut flags) = (whole.clone(), Vec::new());
            while let Some(size) = size(&rest) {
                flags.push(rest.split_to(PREFIX + size)[0]);
            }
            flags
        };
        assert_eq!(flags, [0, 1, 0, 0]);
        for cut in 1..body.len() {
            let control = MessageCompression::default();
            control.leave(2);
            let mut sender = Sender::new(Encoding::Gzip, 100, control);
            let frames = body.chunks(cut).map(Bytes::copy_from_slice);
            let sent: Vec<Bytes> = frames.map(|frame| sender.push(frame)).collect();
            assert_eq!(sent.concat(), whole, "frames of {cut}");
        }
    }
}
