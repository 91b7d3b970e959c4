//! The compression of one message.

use std::{
    cell::RefCell,
    io::{self, Read as _, Write as _},
};

use bytes::BytesMut;
use carml_config::model::MessageEncoding;
use flate2::{bufread::MultiGzDecoder, write::GzEncoder};
use zstd::bulk::Compressor;

/// How much is decompressed at a time.
const CHUNK: usize = 16 << 10;

/// The largest window of zstd, 8 MiB, as RFC 8878 recommends: a decoder allocates as much as the
/// first bytes of a message say.
const MAX_WINDOW_LOG: u32 = 23;

thread_local! {
    /// Its tables are larger than most messages.
    static ZSTD: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// A way to compress messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Gzip,
    Zstd,
}

/// Why a message cannot be decompressed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is larger than the limit.
    TooLarge,
    /// There is no memory for it.
    OverBudget,
    /// It is not compressed in this way.
    Corrupt(io::Error),
}

impl Encoding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The compressed message, if that is smaller.
    pub(super) fn compress(self, message: &[u8]) -> Option<Vec<u8>> {
        let compressed = match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(message).and_then(|()| encoder.finish())
            }
            Self::Zstd => ZSTD.with(|compressor| {
                let mut compressor = compressor.borrow_mut();
                let compressor = match &mut *compressor {
                    Some(compressor) => compressor,
                    none => none.insert(Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL)?),
                };
                compressor.compress(message)
            }),
        };
        compressed.ok().filter(|bytes| bytes.len() < message.len())
    }

    /// Adds the message to `out`, which may grow by `limit` bytes. Memory is asked for before it is
    /// used.
    pub(super) fn decompress(
        self,
        message: &[u8],
        out: &mut BytesMut,
        limit: u64,
        mut reserve: impl FnMut(u64) -> bool,
    ) -> Result<(), Failure> {
        let mut decoder: Box<dyn io::Read + '_> = match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(message)),
            Self::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(message);
                let mut decoder = decoder.map_err(Failure::Corrupt)?;
                let limited = decoder.window_log_max(MAX_WINDOW_LOG);
                limited.map_err(Failure::Corrupt)?;
                Box::new(decoder)
            }
        };
        let mut left = limit;
        let mut chunk = [0; CHUNK];
        loop {
            let read = decoder.read(&mut chunk).map_err(Failure::Corrupt)?;
            if read == 0 {
                return Ok(());
            }
            left = left.checked_sub(read as u64).ok_or(Failure::TooLarge)?;
            if !reserve(read as u64) {
                return Err(Failure::OverBudget);
            }
            out.extend_from_slice(&chunk[..read]);
        }
    }
}

impl From<MessageEncoding> for Encoding {
    fn from(encoding: MessageEncoding) -> Self {
        match encoding {
            MessageEncoding::Gzip => Self::Gzip,
            MessageEncoding::Zstd => Self::Zstd,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const BOTH: [Encoding; 2] = [Encoding::Gzip, Encoding::Zstd];

    fn decompressed(encoding: Encoding, message: &[u8], limit: u64) -> Result<BytesMut, Failure> {
        let mut out = BytesMut::new();
        encoding.decompress(message, &mut out, limit, |_| true)?;
        Ok(out)
    }

    #[test]
    fn a_message_is_as_it_was_and_not_compressed_if_that_is_not_smaller() {
        for encoding in BOTH {
            let message = b"a message, ".repeat(10_000);
            let compressed = encoding.compress(&message).unwrap();
            let limit = message.len() as u64;
            assert_eq!(decompressed(encoding, &compressed, limit).unwrap(), message);
            assert_eq!(encoding.compress(b"short"), None);
        }
    }

    #[test]
    fn a_message_over_the_limit_takes_no_more_memory_than_that() {
        for encoding in BOTH {
            let bomb = encoding.compress(&vec![0; 64 << 20]).unwrap();
            let mut reserved = 0;
            let mut out = BytesMut::new();
            let refused = encoding.decompress(&bomb, &mut out, 100_000, |bytes| {
                reserved += bytes;
                true
            });
            assert!(matches!(refused, Err(Failure::TooLarge)), "{encoding:?}");
            assert!(reserved <= 100_000 && out.capacity() <= 400_000);
            let refused = encoding.decompress(&bomb, &mut out, u64::MAX, |_| false);
            assert!(matches!(refused, Err(Failure::OverBudget)), "{encoding:?}");
        }
    }

    #[test]
    fn what_is_cut_or_not_compressed_is_corrupt() {
        for encoding in BOTH {
            let whole = encoding.compress(&[7; 5_000]).unwrap();
            for wrong in [&whole[..whole.len() - 1], b"not compressed", &whole[1..]] {
                let refused = decompressed(encoding, wrong, 1 << 20);
                assert!(matches!(refused, Err(Failure::Corrupt(_))), "{encoding:?}");
            }
        }
    }

    #[test]
    fn a_window_of_zstd_that_is_too_large_is_refused() {
        // A frame header with a window of 2 GiB, and an empty last block.
        let frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00];
        let refused = decompressed(Encoding::Zstd, &frame, 1 << 20);
        assert!(matches!(refused, Err(Failure::Corrupt(_))), "{refused:?}");
    }
}
