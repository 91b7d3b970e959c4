//! The handle that services use.

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::StreamExt as _;
use tracing::Instrument as _;

use crate::{
    Body, Capabilities, Entry, Error, ErrorKind, Event, GetOptions, Key, ListOptions, Meta, Mode,
    Object, Observer, PresignMethod, Presigned, Provider, Put, PutOptions, Upload,
    body::{Source, read},
    events::observed,
    folder::{measure, pack},
    fs::sum_of,
    observer::Call,
    provider::Entries,
    verified,
};

/// The most that metadata may have, in bytes.
const MAX_METADATA: usize = 2048;

/// Metadata names that CarML itself uses start with it.
const RESERVED: &str = "carml-";

/// How long a presigned address can be valid: what S3 allows.
const MAX_EXPIRES: Duration = Duration::from_secs(7 * 24 * 3600);

/// What holds for all calls of a [`Store`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// Every key is under it, and nothing outside of it is changed. `models` is the same as
    /// `models/`.
    pub prefix: String,
    /// The largest object that can be put.
    pub max_size: Option<u64>,
}

/// An object store. Cheap to clone.
///
/// ```
/// use carml_store::{Error, GetOptions, Store, StoreOptions, memory::Memory};
///
/// // A test gives its code a store in memory.
/// let store = Store::new(Memory::new(), &StoreOptions::default())?;
/// assert_eq!(store.provider(), "memory");
///
/// async fn weights(store: &Store) -> Result<Vec<u8>, Error> {
///     let object = store.get(&"models/small.bin".parse()?, GetOptions::default()).await?;
///     Ok(object.bytes(1 << 20).await?.to_vec())
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Store {
    provider: Arc<dyn Provider>,
    prefix: Arc<str>,
    max_size: Option<u64>,
    observer: Option<Arc<dyn Observer>>,
}

impl Store {
    /// A store of a provider.
    ///
    /// # Errors
    ///
    /// `InvalidKey` if the prefix is not a valid key.
    pub fn new(provider: impl Provider, options: &StoreOptions) -> Result<Self, Error> {
        let prefix = options.prefix.trim_matches('/');
        let prefix = match prefix {
            "" => String::new(),
            prefix => format!("{}/", Key::parse(prefix)?),
        };
        Ok(Self {
            provider: Arc::new(provider),
            prefix: prefix.into(),
            max_size: options.max_size,
            observer: None,
        })
    }

    /// The same store, with somebody who measures the calls of this handle and its clones.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn Observer>) -> Self {
        Self {
            observer: Some(observer),
            ..self
        }
    }

    /// The provider's name in the config.
    pub fn provider(&self) -> &'static str {
        self.provider.name()
    }

    /// What the provider offers beyond put, get, stat, delete and list.
    pub fn capabilities(&self) -> Capabilities {
        self.provider.capabilities()
    }

    /// Writes an object: from bytes, a file ([`Body::file`]) or a stream ([`Body::stream`]). It is
    /// visible only whole. Dropping the future ends the upload.
    ///
    /// The SHA-256 of a file is recorded with the object, and [`get`](Self::get) checks it.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` and `Conflict` as [`Mode`] says, `TooLarge` for more than the config's
    /// `max_size`; [`Error::applied`] says whether the object may have been written all the same.
    pub async fn put(
        &self,
        key: &Key,
        body: impl Into<Body>,
        options: PutOptions,
    ) -> Result<Put, Error> {
        let mut call = self.call("put", Some(key));
        let writing = self.write(key, body.into(), options);
        let done = writing.instrument(call.span()).await;
        call.add(done.as_ref().map_or(0, |put| put.size));
        call.end(done)
    }

    async fn write(&self, key: &Key, body: Body, options: PutOptions) -> Result<Put, Error> {
        let body = self.checked(body, key, &options).await?;
        let events = options.events.clone();
        events.report(Event::Started { size: body.size });
        let full = self.full(key)?;
        let done = self.provider.put(&full, body, options).await;
        let done = done.map_err(|error| self.relative(error, key));
        events.report(match &done {
            Ok(put) => Event::Done { bytes: put.size },
            Err(error) => Event::Failed {
                why: error.to_string(),
            },
        });
        done
    }

    /// Opens an object. The stream yields one version of it, whole, or ends with an error.
    ///
    /// # Errors
    ///
    /// `NotFound`; `Conflict`, `NotModified` and `InvalidRange` as the options say. The stream:
    /// `Truncated`, `Changed`, and `ChecksumMismatch` where a SHA-256 is recorded and all of the
    /// object was asked for.
    pub async fn get(&self, key: &Key, options: GetOptions) -> Result<Object, Error> {
        let events = options.events.clone();
        let call = self.call("get", Some(key));
        let opened = self.open(key, options).instrument(call.span()).await;
        let mut object = match opened {
            Ok(object) => object,
            Err(error) => return call.end(Err(error)),
        };
        object.meta.name = key.as_str().to_owned();
        let is_whole = object.range == (0..object.meta.size);
        if let Some(sum) = object.meta.sha256.clone().filter(|_| is_whole) {
            object.stream = verified(object.stream, sum, key.as_str().to_owned());
        }
        let size = Some(object.range.end - object.range.start);
        events.report(Event::Started { size });
        object.stream = observed(object.stream, events, call);
        Ok(object)
    }

    async fn open(&self, key: &Key, options: GetOptions) -> Result<Object, Error> {
        let full = self.full(key)?;
        let object = self.provider.get(&full, options).await;
        object.map_err(|error| self.relative(error, key))
    }

    /// What is known of an object.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub async fn stat(&self, key: &Key) -> Result<Meta, Error> {
        let call = self.call("stat", Some(key));
        let known = async {
            let full = self.full(key)?;
            let meta = self.provider.stat(&full).await;
            let mut meta = meta.map_err(|error| self.relative(error, key))?;
            meta.name = key.as_str().to_owned();
            Ok(meta)
        };
        let known = known.instrument(call.span()).await;
        call.end(known)
    }

    /// Removes objects. Missing ones are not an error.
    ///
    /// # Errors
    ///
    /// That of the first object that could not be removed; others may have been.
    pub async fn delete(&self, keys: &[Key]) -> Result<(), Error> {
        let one = match keys {
            [key] => Some(key),
            _ => None,
        };
        let call = self.call("delete", one);
        let deleted = async {
            let full: Result<Vec<Key>, Error> = keys
                .iter()
                .map(|key| Key::parse(&self.full(key)?))
                .collect();
            let done = self.provider.delete(&full?).await;
            done.map_err(|error| self.without_prefix(error))
        };
        let deleted = deleted.instrument(call.span()).await;
        call.end(deleted)
    }

    /// Lists what starts with a text, in the order of the names' bytes.
    ///
    /// Objects of other programs whose names are not valid keys are listed too:
    /// [`Entry::key`] is `None`.
    pub fn list(&self, prefix: &str, options: ListOptions) -> Entries {
        let cut = self.prefix.len();
        let limit = options.limit.unwrap_or(usize::MAX);
        let after = options.after.clone().unwrap_or_default();
        let options = ListOptions {
            after: options.after.map(|after| format!("{}{after}", self.prefix)),
            ..options
        };
        let entries = self
            .provider
            .list(&format!("{}{prefix}", self.prefix), options);
        let store = self.clone();
        let entries = entries.map(move |entry| {
            let entry: Result<Entry, Error> = entry;
            let mut entry = entry.map_err(|error| store.without_prefix(error))?;
            entry.name = entry.name.get(cut..).unwrap_or_default().to_owned();
            entry.key = entry.key.and_then(|_| Key::parse(&entry.name).ok());
            Ok(entry)
        });
        // Services list the folder that `after` names, and what is in it.
        let entries = entries.filter(move |entry| {
            let is_after = entry.as_ref().map_or(true, |entry| entry.name > after);
            std::future::ready(is_after)
        });
        Box::pin(entries.take(limit))
    }

    /// An address that anybody can use to get or put an object until it expires, at most 7 days
    /// from now.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the provider has none.
    pub async fn presign(
        &self,
        method: PresignMethod,
        key: &Key,
        expires: Duration,
    ) -> Result<Presigned, Error> {
        if expires > MAX_EXPIRES || expires < Duration::from_secs(1) {
            let message = "an address is valid for 1 second to 7 days";
            return Err(Error::new(ErrorKind::InvalidArgument, "presign", message));
        }
        let full = self.full(key)?;
        let presigned = self.provider.presign(method, &full, expires).await;
        presigned.map_err(|error| self.relative(error, key))
    }

    /// The uploads that are not complete: those in progress, and those that killed processes left.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the provider has none.
    pub async fn uploads(&self) -> Result<Vec<Upload>, Error> {
        let mut uploads = self.provider.uploads(&self.prefix).await?;
        for upload in &mut uploads {
            upload.name = upload
                .name
                .get(self.prefix.len()..)
                .unwrap_or_default()
                .to_owned();
        }
        Ok(uploads)
    }

    /// Aborts the uploads that began longer ago than `age`, and returns them. An age of 0 also
    /// aborts uploads in progress.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the provider has none.
    pub async fn abort_uploads(&self, age: Duration) -> Result<Vec<Upload>, Error> {
        let now = SystemTime::now();
        let mut aborted = Vec::new();
        for upload in self.provider.uploads(&self.prefix).await? {
            let begun = upload
                .started
                .and_then(|started| now.duration_since(started).ok());
            if begun.unwrap_or_default() < age {
                continue;
            }
            self.provider.abort_upload(&upload).await?;
            let name = upload
                .name
                .get(self.prefix.len()..)
                .unwrap_or_default()
                .to_owned();
            aborted.push(Upload { name, ..upload });
        }
        Ok(aborted)
    }

    fn call(&self, name: &'static str, key: Option<&Key>) -> Call {
        Call::begin(name, self.provider(), key, self.observer.clone())
    }

    /// The key below the prefix.
    fn full(&self, key: &Key) -> Result<String, Error> {
        let full = format!("{}{key}", self.prefix);
        if full.len() > Key::MAX_BYTES {
            let message = "with the prefix of the config, the key has more than 1,024 bytes";
            return Err(Error::new(ErrorKind::InvalidKey, "key", message).with_what(key.as_str()));
        }
        Ok(full)
    }

    /// An error of a provider, with the key as the caller knows it.
    fn relative(&self, error: Error, key: &Key) -> Error {
        if error.what.is_empty() {
            return error.with_what(key.as_str());
        }
        self.without_prefix(error)
    }

    fn without_prefix(&self, mut error: Error) -> Error {
        if let Some(key) = error.what.strip_prefix(&*self.prefix) {
            error.what = key.to_owned();
        }
        error
    }

    /// The body, once it and the options obey the rules.
    async fn checked(&self, body: Body, key: &Key, options: &PutOptions) -> Result<Body, Error> {
        let refuse =
            |kind, message: String| Err(Error::new(kind, "put", message).with_what(key.as_str()));
        if let Some(message) = invalid_metadata(&options.metadata, options.content_type.as_deref())
        {
            return refuse(ErrorKind::InvalidArgument, message);
        }
        let offered = self.capabilities();
        let has_metadata = options.content_type.is_some() || !options.metadata.is_empty();
        let unsupported = match options.mode {
            _ if has_metadata && !offered.metadata => Some("content types and metadata"),
            Mode::Create if !offered.create => Some("creating without overwriting"),
            Mode::Match(_) if !offered.replace => Some("replacing only what is expected"),
            _ => None,
        };
        if let Some(what) = unsupported {
            let message = format!("the provider `{}` does not have {what}", self.provider());
            return refuse(ErrorKind::Unsupported, message);
        }
        let body = match body.source {
            Source::File(path) => self.opened(path, key).await?,
            Source::Folder(path) => self.packed(path, key).await?,
            _ => body,
        };
        if let (Some(limit), Some(size)) = (self.max_size, body.size)
            && size > limit
        {
            let message = format!("the object has {size} bytes; `max_size` is {limit}");
            return refuse(ErrorKind::TooLarge, message);
        }
        Ok(limited(body, self.max_size, key))
    }

    /// A folder as a stream, with its size and its SHA-256 if the provider wants it.
    async fn packed(&self, path: PathBuf, key: &Key) -> Result<Body, Error> {
        if !self.provider.wants_sha256() {
            return Ok(Body {
                size: None,
                sha256: None,
                source: Source::Stream(pack(path)),
            });
        }
        let measured = measure(path.clone()).await;
        let (size, sum) = measured.map_err(|error| error.with_what(key.as_str()))?;
        // The content is read once more, and may have changed since.
        let what = path.display().to_string();
        Ok(Body {
            size: Some(size),
            sha256: Some(sum.clone()),
            source: Source::Stream(verified(pack(path), sum, what)),
        })
    }

    /// A file as a stream with its size, and its SHA-256 if the provider wants it.
    async fn opened(&self, path: PathBuf, key: &Key) -> Result<Body, Error> {
        let failed = |error: Error| {
            let message = format!("{}: {}", path.display(), error.message);
            let kind = match error.kind {
                // Of the object, not of the file.
                ErrorKind::NotFound => ErrorKind::Io,
                kind => kind,
            };
            let error = Error {
                kind,
                message,
                ..error
            };
            error.with_what(key.as_str())
        };
        let metadata = tokio::fs::metadata(&path).await;
        let metadata = metadata.map_err(|error| failed(Error::io("put", error)))?;
        if !metadata.is_file() {
            let why = match metadata.is_dir() {
                true => "it is a folder: `Body::folder` packs it",
                false => "it is not a file",
            };
            return Err(failed(Error::new(ErrorKind::Io, "put", why)));
        }
        let mut stream = read(path.clone());
        let mut sha256 = None;
        if self.provider.wants_sha256() {
            let sum = sum_of(path.clone()).await.map_err(failed)?;
            // The content is read once more, and may have changed since.
            stream = verified(stream, sum.clone(), path.display().to_string());
            sha256 = Some(sum);
        }
        Ok(Body {
            size: Some(metadata.len()),
            sha256,
            source: Source::Stream(stream),
        })
    }
}

/// A body that fails if it is larger than a limit, or has another size
/// than it said.
fn limited(body: Body, limit: Option<u64>, key: &Key) -> Body {
    let Source::Stream(stream) = body.source else {
        return body;
    };
    let (size, sha256, what) = (body.size, body.sha256, key.as_str().to_owned());
    let state = Some((stream, 0u64));
    let stream = futures_util::stream::unfold(state, move |state| {
        let what = what.clone();
        async move {
            let (mut stream, seen) = state?;
            let chunk: Option<Result<Bytes, Error>> = stream.next().await;
            let fail = |kind, message: String| {
                Some((Err(Error::new(kind, "put", message).with_what(what)), None))
            };
            match chunk {
                Some(Ok(chunk)) => {
                    let seen = seen + chunk.len() as u64;
                    if let Some(limit) = limit.filter(|limit| seen > *limit) {
                        let message =
                            format!("the object is larger than `max_size`, {limit} bytes");
                        return fail(ErrorKind::TooLarge, message);
                    }
                    if let Some(size) = size.filter(|size| seen > *size) {
                        let message =
                            format!("the stream has more than the {size} bytes it announced");
                        return fail(ErrorKind::InvalidArgument, message);
                    }
                    Some((Ok(chunk), Some((stream, seen))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => match size.filter(|size| seen < *size) {
                    Some(size) => {
                        let message = format!("the stream ended after {seen} of {size} bytes");
                        fail(ErrorKind::Truncated, message)
                    }
                    None => None,
                },
            }
        }
    });
    Body {
        size,
        sha256,
        source: Source::Stream(Box::pin(stream)),
    }
}

/// Why metadata cannot be kept.
fn invalid_metadata(
    metadata: &BTreeMap<String, String>,
    content_type: Option<&str>,
) -> Option<String> {
    let is_text = |text: &str| {
        let visible = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        visible && text == text.trim() && !text.is_empty()
    };
    let mut size = 0;
    for (name, value) in metadata {
        let is_name = name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
        if name.is_empty() || !is_name {
            return Some(format!(
                "the metadata name {name:?} is invalid: use a-z, 0-9, `-` and `_`"
            ));
        }
        if name.starts_with(RESERVED) {
            return Some(format!(
                "metadata names that start with `{RESERVED}` are reserved"
            ));
        }
        if !is_text(value) {
            return Some(format!(
                "the value of the metadata `{name}` is not printable ASCII without spaces at its ends"
            ));
        }
        size += name.len() + value.len();
    }
    if size > MAX_METADATA {
        return Some(format!(
            "metadata has at most {MAX_METADATA} bytes, found {size}"
        ));
    }
    content_type
        .filter(|text| !is_text(text) || text.len() > 255)
        .map(|text| format!("{text:?} is not a content type"))
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("provider", &self.provider())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
