//! Objects, as they are written.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use carml_store::{Body, Error, Mode, Put, PutOptions};
use futures_util::StreamExt as _;
use opendal_core::{Metadata, Operator, Writer, options::WriteOptions};
use tokio::time::timeout;

use crate::{
    read::{quoted, unquoted},
    resolve::resolve,
    service::Service,
};

/// Metadata names that are not the caller's start with it.
pub(crate) const RESERVED: &str = "carml-";
/// Names the put that wrote an object.
pub(crate) const PUT: &str = "carml-put";
/// The SHA-256 of the content.
pub(crate) const SHA256: &str = "carml-sha256";

/// The most parts that S3 takes.
const MAX_PARTS: u64 = 10_000;

/// How long the end of an upload may take that has failed already.
const ABORT: Duration = Duration::from_secs(30);

/// Why a put failed.
pub(crate) enum Failed {
    /// Its content could not be read.
    Content(Error),
    /// A request failed.
    Request(opendal_core::Error),
}

pub(crate) async fn put(
    service: &Service,
    key: &str,
    body: Body,
    options: PutOptions,
) -> Result<Put, Error> {
    let operator = service.operator(&options.events);
    // An object that has it is of this put: how a lost answer is told from a lost race.
    let id = format!("{:032x}", rand::random::<u128>());
    let written = write(service, &operator, key, body, &options, &id).await;
    match written {
        Ok((metadata, size)) => {
            let etag = metadata.etag().map(unquoted).unwrap_or_default();
            Ok(Put::new(etag, size))
        }
        Err(Failed::Content(error)) => Err(error),
        Err(Failed::Request(error)) => {
            resolve(
                &service.operator(&options.events),
                key,
                &options.mode,
                &id,
                error,
            )
            .await
        }
    }
}

async fn write(
    service: &Service,
    operator: &Operator,
    key: &str,
    body: Body,
    options: &PutOptions,
    id: &str,
) -> Result<(Metadata, u64), Failed> {
    let mut metadata: HashMap<String, String> = options.metadata.clone().into_iter().collect();
    metadata.insert(PUT.to_owned(), id.to_owned());
    if let Some(sum) = body.sha256() {
        metadata.insert(SHA256.to_owned(), sum.to_owned());
    }
    let part_size = part_size(service.options.part_size, body.size());
    let writing = WriteOptions {
        content_type: options.content_type.clone(),
        user_metadata: Some(metadata),
        if_not_exists: options.mode == Mode::Create,
        if_match: match &options.mode {
            Mode::Match(etag) => Some(quoted(etag)),
            _ => None,
        },
        chunk: usize::try_from(part_size).ok(),
        concurrent: service.options.concurrency,
        ..WriteOptions::default()
    };
    let writer = operator.writer_options(key, writing).await;
    let mut upload = Upload(Some(writer.map_err(Failed::Request)?));
    let mut content = body.into_stream();
    let mut size = 0;
    while let Some(chunk) = content.next().await {
        let written = match chunk {
            Ok(chunk) => {
                options.events.add(chunk.len() as u64);
                size += chunk.len() as u64;
                upload.write(chunk).await.map_err(Failed::Request)
            }
            Err(error) => Err(Failed::Content(error)),
        };
        if let Err(failed) = written {
            upload.abort().await;
            return Err(failed);
        }
    }
    match upload.close().await {
        Ok(metadata) => Ok((metadata, size)),
        Err(error) => {
            upload.abort().await;
            Err(Failed::Request(error))
        }
    }
}

/// The size of a part, so that an object of known size has no more parts than S3 takes.
fn part_size(configured: u64, size: Option<u64>) -> u64 {
    configured.max(size.unwrap_or_default().div_ceil(MAX_PARTS))
}

/// A writer that ends with its first error, and is aborted if it is dropped before its end.
struct Upload(Option<Writer>);

impl Upload {
    async fn write(&mut self, chunk: Bytes) -> opendal_core::Result<()> {
        match &mut self.0 {
            Some(writer) => writer.write(chunk).await,
            None => Err(closed()),
        }
    }

    async fn close(&mut self) -> opendal_core::Result<Metadata> {
        let Some(writer) = &mut self.0 else {
            return Err(closed());
        };
        let metadata = writer.close().await?;
        self.0 = None;
        Ok(metadata)
    }

    /// Removes the parts. What cannot be removed now is for `abort_uploads`.
    async fn abort(&mut self) {
        if let Some(mut writer) = self.0.take() {
            let _ = timeout(ABORT, writer.abort()).await;
        }
    }
}

fn closed() -> opendal_core::Error {
    let kind = opendal_core::ErrorKind::Unexpected;
    opendal_core::Error::new(kind, "the upload has ended")
}

impl Drop for Upload {
    fn drop(&mut self) {
        let runtime = tokio::runtime::Handle::try_current();
        if let (Some(mut writer), Ok(runtime)) = (self.0.take(), runtime) {
            runtime.spawn(async move {
                let _ = timeout(ABORT, writer.abort()).await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_object_of_known_size_has_no_more_parts_than_s3_takes() {
        let mib = 1 << 20;
        assert_eq!(part_size(16 * mib, None), 16 * mib);
        assert_eq!(part_size(16 * mib, Some(1 << 30)), 16 * mib);
        let size: u64 = 5 << 40;
        assert!(size.div_ceil(part_size(16 * mib, Some(size))) <= MAX_PARTS);
    }
}
