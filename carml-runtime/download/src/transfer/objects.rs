//! Objects of the store, as if they were downloaded.

use carml_store::{ByteRange, GetOptions, Key};
use futures_util::StreamExt as _;

use super::{
    Interrupted, Journal,
    attempt::{Attempt, Received},
};
use crate::{Algorithm, Checksum, Error, ErrorKind, http::Validators};

impl Attempt<'_> {
    pub(super) async fn receive_object(&mut self) -> Result<Received, Interrupted> {
        let front = self.progress.front();
        if front > 0 && self.progress.journal.size == Some(front) {
            return Ok(Received::All);
        }
        let transfer = self.transfer;
        let no_store = || {
            Error::new(
                ErrorKind::Refused,
                "there is no object store to read from: `store:` URLs need the section `store`",
            )
        };
        let store = transfer.transport.store.as_ref().ok_or_else(no_store)?;
        let key = key(&self.location.url)?;
        let version = self
            .progress
            .journal
            .validator
            .clone()
            .filter(|_| front > 0);
        let options = match &version {
            Some(etag) => GetOptions {
                range: Some(ByteRange::From(front)),
                if_match: Some(etag.clone()),
                ..GetOptions::default()
            },
            None => GetOptions {
                if_none_match: transfer.known.as_ref().and_then(|known| known.etag.clone()),
                ..GetOptions::default()
            },
        };
        let mut object = match store.get(&key, options).await {
            Ok(object) => object,
            Err(error) if error.kind == carml_store::ErrorKind::NotModified => {
                return Ok(Received::NotModified);
            }
            Err(error) => return Err(interrupted(error)),
        };
        self.progress.validators = Validators {
            etag: object.meta.etag.clone(),
            ..Validators::default()
        };
        self.progress.recorded = match &object.meta.sha256 {
            Some(hex) => Some(Checksum::new(Algorithm::Sha256, hex)?),
            None => None,
        };
        let size = object.meta.size;
        transfer.check_size(size)?;
        let mut at = object.range.start;
        transfer.cache.make_room(size.saturating_sub(at))?;
        if version.is_none() {
            self.progress.is_joined = false;
            self.progress.journal = Journal {
                url: self.location.identity(),
                validator: object.meta.etag.clone(),
                size: Some(size),
                checksum: self.progress.journal.checksum.take(),
                ..Journal::default()
            };
            self.writer.begin(self.progress.journal.clone()).await?;
        } else {
            self.progress.is_joined = true;
        }
        self.started(at);
        while let Some(chunk) = object.stream.next().await {
            let chunk = chunk.map_err(interrupted)?;
            transfer.transport.take(chunk.len()).await;
            at = self.received(at, chunk).await?;
        }
        self.check_end()?;
        Ok(Received::All)
    }
}

/// `store:KEY`, percent-encoded as any URL.
fn key(url: &url::Url) -> Result<Key, Error> {
    let invalid = |why: String| Error::new(ErrorKind::InvalidArgument, why);
    let path = percent_encoding::percent_decode_str(url.path());
    let path = path
        .decode_utf8()
        .map_err(|_| invalid("the key is not UTF-8".to_owned()))?;
    if url.has_host() || url.query().is_some() {
        return Err(invalid(
            "expected `store:KEY`, with `?` written as `%3F`".to_owned(),
        ));
    }
    Key::parse(path.trim_start_matches('/')).map_err(|error| invalid(error.to_string()))
}

fn interrupted(error: carml_store::Error) -> Interrupted {
    use carml_store::ErrorKind as Store;

    let kind = match error.kind {
        Store::Conflict | Store::Changed => {
            return Interrupted::Restart {
                why: "the object has changed".to_owned(),
                changed: true,
            };
        }
        Store::Unavailable => ErrorKind::Unavailable,
        Store::Throttled => ErrorKind::Throttled { retry_after: None },
        Store::Truncated => ErrorKind::Truncated,
        Store::ChecksumMismatch => ErrorKind::ChecksumMismatch,
        Store::NotFound => ErrorKind::NotFound,
        Store::Unauthenticated => ErrorKind::Unauthenticated,
        Store::PermissionDenied => ErrorKind::PermissionDenied,
        Store::TooLarge => ErrorKind::TooLarge,
        Store::InvalidKey | Store::InvalidArgument => ErrorKind::InvalidArgument,
        _ => ErrorKind::Io,
    };
    let message = error.message.clone();
    Interrupted::Failed(Error::new(kind, message).with_source(error))
}
