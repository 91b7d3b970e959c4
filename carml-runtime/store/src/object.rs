//! An object that is being read.

use std::{fmt, path::Path, pin::Pin};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::{fs::File, io::AsyncWriteExt as _};

use crate::{Error, ErrorKind, Meta};

/// The content of an object, chunk by chunk. An error ends it.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// An object: what is known of it, and its content.
pub struct Object {
    /// Its size, ETag and metadata.
    pub meta: Meta,
    /// The bytes that the stream has: all, unless a range was asked for.
    pub range: std::ops::Range<u64>,
    /// The content.
    pub stream: ByteStream,
}

impl Object {
    /// The content in memory, at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// `TooLarge` if there are more; else the error of the stream.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        let size = self.range.end - self.range.start;
        if size > limit as u64 {
            let message = format!("it has {size} bytes, and the caller takes {limit}");
            return Err(Error::new(ErrorKind::TooLarge, "get", message).with_what(&self.meta.name));
        }
        let mut all = BytesMut::new();
        while let Some(chunk) = self.stream.next().await {
            let chunk = chunk?;
            if all.is_empty() && chunk.len() as u64 == size {
                all = BytesMut::from(chunk);
            } else {
                all.extend_from_slice(&chunk);
            }
        }
        Ok(all.freeze())
    }

    /// Writes the content to an open file; gives the number of bytes. The file is not synced.
    ///
    /// # Errors
    ///
    /// The error of the stream, or of the file.
    pub async fn write_to(mut self, file: &mut File) -> Result<u64, Error> {
        let mut written = 0;
        while let Some(chunk) = self.stream.next().await {
            let chunk = chunk?;
            let done = file.write_all(&chunk).await;
            done.map_err(|error| Error::io("write", error).with_what(&self.meta.name))?;
            written += chunk.len() as u64;
        }
        let done = file.flush().await;
        done.map_err(|error| Error::io("write", error).with_what(&self.meta.name))?;
        Ok(written)
    }

    /// Writes the content to a path, which has all of it or is not changed.
    ///
    /// # Errors
    ///
    /// The error of the stream, or of the file.
    pub async fn save(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        crate::fs::save(self, path.as_ref()).await
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("meta", &self.meta)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}
