//! Provider `memory`: objects of one process, for tests.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};

use crate::{
    Body, Capabilities, Entry, Error, ErrorKind, GetOptions, Key, ListOptions, Meta, Mode, Object,
    Provider, Put, PutOptions, Sha256,
    provider::{Answer, Entries},
};

/// How much of an object is yielded at once.
const CHUNK: usize = 256 << 10;

/// The provider. Clones share their objects.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    objects: Arc<Mutex<BTreeMap<String, Stored>>>,
}

#[derive(Clone, Debug)]
struct Stored {
    meta: Meta,
    content: Bytes,
}

impl Memory {
    /// Without objects.
    pub fn new() -> Self {
        Self::default()
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Stored>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, op: &'static str, key: &str) -> Result<Stored, Error> {
        let stored = self.objects().get(key).cloned();
        stored.ok_or_else(|| not_found(op, key))
    }

    fn insert(&self, key: &str, content: Bytes, options: PutOptions) -> Result<Put, Error> {
        let mut sum = Sha256::default();
        sum.update(&content);
        let etag = sum.hex();
        let put = Put::new(etag.clone(), content.len() as u64);
        let meta = Meta {
            name: key.to_owned(),
            size: put.size,
            sha256: Some(etag.clone()),
            etag: Some(etag),
            content_type: options.content_type,
            metadata: options.metadata,
            modified: Some(SystemTime::now()),
        };
        let mut objects = self.objects();
        let old = objects
            .get(key)
            .and_then(|stored| stored.meta.etag.as_deref());
        check_mode(&options.mode, objects.contains_key(key), old, key)?;
        objects.insert(key.to_owned(), Stored { meta, content });
        Ok(put)
    }

    fn entries(&self, prefix: &str, options: &ListOptions) -> Vec<Result<Entry, Error>> {
        let mut entries: Vec<Result<Entry, Error>> = Vec::new();
        let mut last = String::new();
        for (name, stored) in &*self.objects() {
            let Some(rest) = name.strip_prefix(prefix) else {
                continue;
            };
            let end = rest.find('/').filter(|_| options.delimiter);
            let entry = match end {
                Some(end) => Entry::folder(format!("{prefix}{}", &rest[..=end])),
                None => {
                    let Meta {
                        size,
                        etag,
                        modified,
                        ..
                    } = stored.meta.clone();
                    Entry::object(name.clone(), size, etag, modified)
                }
            };
            if entry.name != last {
                last.clone_from(&entry.name);
                entries.push(Ok(entry));
            }
        }
        entries
    }
}

/// Whether the mode of a put admits what is there.
pub(crate) fn check_mode(
    mode: &Mode,
    exists: bool,
    etag: Option<&str>,
    key: &str,
) -> Result<(), Error> {
    let (kind, message) = match mode {
        Mode::Create if exists => (ErrorKind::AlreadyExists, "the object exists already"),
        Mode::Match(expected) if Some(expected.as_str()) != etag => (
            ErrorKind::Conflict,
            "the object does not have the expected ETag",
        ),
        _ => return Ok(()),
    };
    Err(Error::new(kind, "put", message).with_what(key))
}

pub(crate) fn not_found(op: &'static str, key: &str) -> Error {
    Error::new(ErrorKind::NotFound, op, "there is no such object").with_what(key)
}

impl Provider for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            create: true,
            replace: true,
            metadata: true,
            presign: false,
            uploads: false,
        }
    }

    fn put<'a>(&'a self, key: &'a str, body: Body, options: PutOptions) -> Answer<'a, Put> {
        Box::pin(async move {
            let mut content = BytesMut::new();
            let mut stream = body.into_stream();
            while let Some(chunk) = stream.next().await {
                let chunk = chunk?;
                options.events.add(chunk.len() as u64);
                content.extend_from_slice(&chunk);
            }
            self.insert(key, content.freeze(), options)
        })
    }

    fn get<'a>(&'a self, key: &'a str, options: GetOptions) -> Answer<'a, Object> {
        Box::pin(async move {
            let Stored { meta, content } = self.find("get", key)?;
            options.check(meta.etag.as_deref())?;
            let range = options
                .range
                .map(|range| range.within(meta.size))
                .transpose()?;
            let range = range.unwrap_or(0..meta.size);
            let content = content.slice(range.start as usize..range.end as usize);
            let chunks = stream::unfold(content, |mut rest| async move {
                let chunk = rest.split_to(rest.len().min(CHUNK));
                (!chunk.is_empty()).then_some((Ok(chunk), rest))
            });
            Ok(Object {
                meta,
                range,
                stream: Box::pin(chunks),
            })
        })
    }

    fn stat<'a>(&'a self, key: &'a str) -> Answer<'a, Meta> {
        Box::pin(async move { Ok(self.find("stat", key)?.meta) })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, ()> {
        Box::pin(async move {
            let mut objects = self.objects();
            for key in keys {
                objects.remove(key.as_str());
            }
            Ok(())
        })
    }

    fn list(&self, prefix: &str, options: ListOptions) -> Entries {
        Box::pin(stream::iter(self.entries(prefix, &options)))
    }
}
