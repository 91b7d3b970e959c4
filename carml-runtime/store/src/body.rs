//! What is put: bytes, a file or a stream.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use tokio::{fs::File, io::AsyncReadExt as _};

use crate::{ByteStream, Error, ErrorKind, folder::pack};

/// An error of a stream that is put.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// How much of a file is read at once.
const CHUNK: usize = 256 << 10;

/// The content of an object to be.
pub struct Body {
    pub(crate) size: Option<u64>,
    pub(crate) sha256: Option<String>,
    pub(crate) source: Source,
}

pub(crate) enum Source {
    Bytes(Bytes),
    File(PathBuf),
    Folder(PathBuf),
    Stream(ByteStream),
}

impl Body {
    /// The content of a file.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self {
            size: None,
            sha256: None,
            source: Source::File(path.as_ref().to_owned()),
        }
    }

    /// A folder, packed as a tar.gz while it is put. Entries are sorted and have no owner and no time,
    /// so that the same content is the same object. Links that lead out of the folder, and what is not
    /// a file, a folder or a link, are refused.
    ///
    /// A provider that has to know the SHA-256 before the content, as `s3`, packs it twice.
    pub fn folder(path: impl AsRef<Path>) -> Self {
        Self {
            size: None,
            sha256: None,
            source: Source::Folder(path.as_ref().to_owned()),
        }
    }

    /// A stream. If its size is known, a stream of another size is refused, and a service can
    /// choose its parts well.
    pub fn stream<E: Into<BodyError>>(
        stream: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
        size: Option<u64>,
    ) -> Self {
        let stream = stream.map(|chunk| {
            chunk.map_err(|error| {
                let error: BodyError = error.into();
                let message = format!("the content could not be read: {error}");
                Error::new(ErrorKind::Io, "put", message).with_source(error)
            })
        });
        Self {
            size,
            sha256: None,
            source: Source::Stream(Box::pin(stream)),
        }
    }

    /// The size, if it is known.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The SHA-256, if it is known before the content is read.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// Its bytes, if they are in memory.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.source {
            Source::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The content, chunk by chunk.
    pub fn into_stream(self) -> ByteStream {
        match self.source {
            Source::Bytes(bytes) => {
                let chunk = (!bytes.is_empty()).then_some(Ok(bytes));
                Box::pin(stream::iter(chunk))
            }
            Source::File(path) => read(path),
            Source::Folder(path) => pack(path),
            Source::Stream(stream) => stream,
        }
    }
}

/// The content of a file. An error ends it.
pub(crate) fn read(path: PathBuf) -> ByteStream {
    enum State {
        Closed(PathBuf),
        Open(PathBuf, File),
        Done,
    }
    let next = |state| async move {
        let failed = |path: &Path, error| {
            let error = Error::io("read", error).with_what(path.display().to_string());
            Some((Err(error), State::Done))
        };
        let (path, mut file) = match state {
            State::Done => return None,
            State::Open(path, file) => (path, file),
            State::Closed(path) => match File::open(&path).await {
                Ok(file) => (path, file),
                Err(error) => return failed(&path, error),
            },
        };
        let mut chunk = BytesMut::with_capacity(CHUNK);
        match file.read_buf(&mut chunk).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(chunk.freeze()), State::Open(path, file))),
            Err(error) => failed(&path, error),
        }
    };
    Box::pin(stream::unfold(State::Closed(path), next))
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        Self {
            size: Some(bytes.len() as u64),
            sha256: None,
            source: Source::Bytes(bytes),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
