//! Options and answers of calls.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, SystemTime},
};

use crate::{Error, ErrorKind, Events, Key};

/// What happens to an object that has the key already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is replaced.
    #[default]
    Overwrite,
    /// It stays; the put fails with `AlreadyExists`.
    Create,
    /// It is replaced if it has this ETag; else the put fails with `Conflict`.
    Match(String),
}

/// How to put.
#[derive(Clone, Debug, Default)]
pub struct PutOptions {
    /// The content type.
    pub content_type: Option<String>,
    /// Names and values of your own: names of `a-z`, `0-9`, `-` and `_`, values of printable ASCII,
    /// in all at most 2,048 bytes. Names that start with `carml-` are reserved.
    pub metadata: BTreeMap<String, String>,
    /// What happens to an object that has the key already.
    pub mode: Mode,
    /// Receives the progress.
    pub events: Events,
}

/// What was put.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Put {
    /// The ETag of the new object.
    pub etag: String,
    /// Its size in bytes.
    pub size: u64,
}

impl Put {
    /// For providers.
    pub fn new(etag: String, size: u64) -> Self {
        Self { etag, size }
    }
}

/// A part of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first to before the second position; the end may be outside of the object.
    Bounded(u64, u64),
    /// From a position to the end.
    From(u64),
    /// The last bytes, as many as this.
    Last(u64),
}

impl ByteRange {
    /// The positions in an object of `size` bytes.
    ///
    /// # Errors
    ///
    /// `InvalidRange` if it has no byte of the object.
    pub fn within(self, size: u64) -> Result<Range<u64>, Error> {
        let range = match self {
            Self::Bounded(start, end) => start..end.min(size),
            Self::From(start) => start..size,
            Self::Last(count) => size.saturating_sub(count)..size,
        };
        if range.is_empty() {
            let message = format!("the range {self:?} is outside of the object's {size} bytes");
            return Err(Error::new(ErrorKind::InvalidRange, "get", message));
        }
        Ok(range)
    }
}

/// How to get.
#[derive(Clone, Debug, Default)]
pub struct GetOptions {
    /// A part only.
    pub range: Option<ByteRange>,
    /// Fails with `Conflict` unless the object has this ETag.
    pub if_match: Option<String>,
    /// Fails with `NotModified` if the object has this ETag.
    pub if_none_match: Option<String>,
    /// Receives the progress.
    pub events: Events,
}

impl GetOptions {
    /// Whether the conditions admit an object with this ETag.
    ///
    /// # Errors
    ///
    /// `Conflict` or `NotModified`.
    pub fn check(&self, etag: Option<&str>) -> Result<(), Error> {
        if self.if_match.is_some() && self.if_match.as_deref() != etag {
            let message = "the object has another ETag";
            return Err(Error::new(ErrorKind::Conflict, "get", message));
        }
        if self.if_none_match.is_some() && self.if_none_match.as_deref() == etag {
            let message = "the object has not changed";
            return Err(Error::new(ErrorKind::NotModified, "get", message));
        }
        Ok(())
    }
}

/// What is known of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Its key.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Changes with the content. Use it only for comparison.
    pub etag: Option<String>,
    /// The content type.
    pub content_type: Option<String>,
    /// The names and values that were put with it.
    pub metadata: BTreeMap<String, String>,
    /// The SHA-256 of the content in hexadecimal, if it was recorded.
    pub sha256: Option<String>,
    /// When it was last written.
    pub modified: Option<SystemTime>,
}

/// How to list.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Lists what is after the next `/` as one folder.
    pub delimiter: bool,
    /// Starts after this key, or folder.
    pub after: Option<String>,
    /// The maximum number of entries.
    pub limit: Option<usize>,
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key, or the folder with the `/` at its end.
    pub name: String,
    /// The key to get it by. `None`: a folder, or an object of another program, whose name is not
    /// a valid key.
    pub key: Option<Key>,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An object.
    Object {
        /// Its size in bytes.
        size: u64,
        /// Its ETag, if it is known without reading the object.
        etag: Option<String>,
        /// When it was last written.
        modified: Option<SystemTime>,
    },
    /// Objects with a common start.
    Folder,
}

impl Entry {
    /// An object.
    pub fn object(
        name: String,
        size: u64,
        etag: Option<String>,
        modified: Option<SystemTime>,
    ) -> Self {
        Self {
            key: Key::parse(&name).ok(),
            name,
            kind: EntryKind::Object {
                size,
                etag,
                modified,
            },
        }
    }

    /// A folder.
    pub fn folder(name: String) -> Self {
        Self {
            name,
            key: None,
            kind: EntryKind::Folder,
        }
    }
}

/// What a presigned address allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresignMethod {
    /// To get the object.
    Get,
    /// To put the object.
    Put,
}

/// An address that anybody can use until it expires.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presigned {
    /// `GET` or `PUT`.
    pub method: &'static str,
    /// The address: a secret.
    pub url: String,
    /// Headers that must be sent with it.
    pub headers: Vec<(String, String)>,
    /// How long it is valid.
    pub expires: Duration,
}

impl Presigned {
    /// For providers.
    pub fn new(
        method: &'static str,
        url: String,
        headers: Vec<(String, String)>,
        expires: Duration,
    ) -> Self {
        Self {
            method,
            url,
            headers,
            expires,
        }
    }
}

impl std::fmt::Debug for Presigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presigned")
            .field("method", &self.method)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// An upload that was begun and has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The key of the object to be.
    pub name: String,
    /// How the service calls it.
    pub id: String,
    /// When it began.
    pub started: Option<SystemTime>,
}
