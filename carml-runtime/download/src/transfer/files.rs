//! Files of this machine, as if they were downloaded.

use std::{path::Path, time::UNIX_EPOCH};

use bytes::BytesMut;
use tokio::{fs::File, io::AsyncReadExt as _};

use super::{
    Interrupted, Journal,
    attempt::{Attempt, Received},
};
use crate::{Error, ErrorKind, http::Validators};

const BUFFER: usize = 256 * 1024;

impl Attempt<'_> {
    pub(super) async fn receive_file(&mut self, path: &Path) -> Result<Received, Interrupted> {
        let failed = |error: std::io::Error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                _ => ErrorKind::Io,
            };
            Error::new(kind, format!("cannot read the file: {error}")).with_source(error)
        };
        // Before it is opened: opening a pipe waits.
        let metadata = tokio::fs::metadata(path).await.map_err(failed)?;
        if !metadata.is_file() {
            return Err(Error::new(ErrorKind::Refused, "not a regular file").into());
        }
        let size = metadata.len();
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let version = since.map(|since| format!("\"{size}-{}\"", since.as_nanos()));
        let known = self.transfer.known.as_ref();
        if version.is_some() && known.is_some_and(|known| known.etag == version) {
            return Ok(Received::NotModified);
        }
        self.transfer.check_size(size)?;
        self.transfer.cache.make_room(size)?;
        self.progress.is_joined = false;
        self.progress.journal = Journal {
            url: self.location.identity(),
            size: Some(size),
            ..Journal::default()
        };
        self.progress.validators = Validators {
            etag: version,
            ..Validators::default()
        };
        self.writer.begin(self.progress.journal.clone()).await?;
        self.started(0);
        let mut file = File::open(path).await.map_err(failed)?;
        let mut at = 0;
        loop {
            let mut buffer = BytesMut::with_capacity(BUFFER);
            if file.read_buf(&mut buffer).await.map_err(failed)? == 0 {
                break;
            }
            self.transfer.transport.take(buffer.len()).await;
            at = self.received(at, buffer.freeze()).await?;
        }
        self.check_end()?;
        Ok(Received::All)
    }
}
