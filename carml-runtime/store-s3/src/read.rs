//! Objects, as they are read: one version, or an error.

use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;
use carml_store::{ByteStream, Error, ErrorKind, Event, Events, GetOptions, Meta, Object};
use futures_util::{StreamExt as _, stream};
use opendal_core::{Buffer, BufferStream, Operator, options::ReaderOptions};

use crate::{
    Retry,
    error::{Context, failure},
    service::Service,
    transport::{Cause, pause},
    write::{RESERVED, SHA256},
};

/// How often an object is looked at again that was replaced before its first byte.
const LOOKS: usize = 5;

pub(crate) async fn get(
    service: &Service,
    key: &str,
    options: GetOptions,
) -> Result<Object, Error> {
    let operator = service.operator(&options.events);
    let context = Context::new("get", key);
    for look in 1.. {
        let meta = stat(&operator, key).await;
        let meta = meta.map_err(|error| context.error(error))?;
        let checked = options.check(meta.etag.as_deref());
        checked.map_err(|error| error.with_what(key))?;
        let range = options
            .range
            .map(|range| range.within(meta.size))
            .transpose();
        let range = range
            .map_err(|error| error.with_what(key))?
            .unwrap_or(0..meta.size);
        let mut reading = Reading {
            operator: operator.clone(),
            events: options.events.clone(),
            retry: service.options.retry,
            key: key.to_owned(),
            etag: meta.etag.clone(),
            left: range.clone(),
            answer: None,
            chunks: Buffer::new(),
            failures: 0,
        };
        match reading.start().await {
            Ok(()) => {
                return Ok(Object {
                    meta,
                    range,
                    stream: reading.into_stream(),
                });
            }
            Err(error) if error.kind == ErrorKind::Changed && look < LOOKS => {}
            Err(error) => return Err(error),
        }
    }
    unreachable!("the loop ends with its last look")
}

/// What is known of an object.
pub(crate) async fn stat(operator: &Operator, key: &str) -> opendal_core::Result<Meta> {
    let found = operator.stat(key).await?;
    let mut metadata = BTreeMap::new();
    let mut sha256 = None;
    for (name, value) in found.user_metadata().into_iter().flatten() {
        if name == SHA256 {
            sha256 = Some(value.to_owned());
        } else if !name.starts_with(RESERVED) {
            metadata.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(Meta {
        name: key.to_owned(),
        size: found.content_length(),
        etag: found.etag().map(unquoted),
        content_type: found.content_type().map(str::to_owned),
        metadata,
        sha256,
        modified: found.last_modified().map(Into::into),
    })
}

/// An ETag without its quotes.
pub(crate) fn unquoted(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}

/// An ETag as a header has it.
pub(crate) fn quoted(etag: &str) -> String {
    format!("\"{}\"", unquoted(etag))
}

/// The rest of an object that is being read.
struct Reading {
    operator: Operator,
    events: Events,
    retry: Retry,
    key: String,
    etag: Option<String>,
    left: Range<u64>,
    answer: Option<BufferStream>,
    /// What was received and not yielded.
    chunks: Buffer,
    /// How often in a row nothing was received.
    failures: u32,
}

impl Reading {
    /// Asks for the rest, of the same version.
    async fn open(&mut self) -> Result<(), Error> {
        if self.left.is_empty() {
            return Ok(());
        }
        let options = ReaderOptions {
            if_match: self.etag.as_deref().map(quoted),
            ..ReaderOptions::default()
        };
        let opened = async {
            let reader = self.operator.reader_options(&self.key, options).await?;
            let mut stream = reader.into_stream(self.left.clone()).await?;
            // The request is sent with the first read.
            let chunks = stream.next().await.transpose()?;
            Ok((chunks.unwrap_or_default(), stream))
        };
        let opened: opendal_core::Result<_> = opened.await;
        let (chunks, answer) = opened.map_err(|error| self.error(error))?;
        self.chunks = chunks;
        self.answer = Some(answer);
        Ok(())
    }

    /// Asks for the first bytes.
    async fn start(&mut self) -> Result<(), Error> {
        while let Err(error) = self.open().await {
            self.again(error).await?;
        }
        Ok(())
    }

    /// Waits before the rest is asked for again, if that may help; else gives the error.
    async fn again(&mut self, error: Error) -> Result<(), Error> {
        // A request that got no answer was repeated already.
        let was_open = self.answer.take().is_some();
        self.failures += 1;
        let may_help = error.kind == ErrorKind::Truncated
            || (was_open && error.kind == ErrorKind::Unavailable);
        // Without an ETag, the rest could be of another version.
        if !may_help || self.etag.is_none() || self.failures >= self.retry.attempts {
            return Err(error);
        }
        let after = pause(self.failures);
        let why = error.message;
        self.events.report(Event::Retry { after, why });
        tokio::time::sleep(after).await;
        Ok(())
    }

    /// As the reader of an object sees it.
    fn error(&self, error: opendal_core::Error) -> Error {
        let is_other = failure(&error).is_some_and(|failure| match &failure.cause {
            Cause::Status(refusal) => matches!(refusal.status, 404 | 412),
            _ => false,
        });
        let error = Context::new("get", &self.key).error(error);
        if is_other && self.etag.is_some() {
            let message = "the object was replaced or removed while it was read";
            return Error::new(ErrorKind::Changed, "get", message)
                .with_what(&self.key)
                .with_source(error);
        }
        error
    }

    fn into_stream(self) -> ByteStream {
        Box::pin(stream::unfold(Some(self), |reading| async move {
            let mut reading = reading?;
            if reading.left.is_empty() {
                return None;
            }
            match reading.next().await {
                Ok(chunk) => Some((Ok(chunk), Some(reading))),
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    /// The next chunk; the request is repeated for the rest if the answer ends early.
    async fn next(&mut self) -> Result<Bytes, Error> {
        loop {
            while let Some(mut chunk) = Iterator::next(&mut self.chunks) {
                let left = self.left.end - self.left.start;
                chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                if !chunk.is_empty() {
                    self.left.start += chunk.len() as u64;
                    self.failures = 0;
                    return Ok(chunk);
                }
            }
            let failed = match &mut self.answer {
                None => self.open().await,
                Some(answer) => match answer.next().await {
                    Some(Ok(chunks)) => {
                        self.chunks = chunks;
                        Ok(())
                    }
                    Some(Err(error)) => Err(self.error(error)),
                    None => Err(
                        Error::new(ErrorKind::Truncated, "get", "the answer ended early")
                            .with_what(&self.key),
                    ),
                },
            };
            if let Err(error) = failed {
                self.again(error).await?;
            }
        }
    }
}
