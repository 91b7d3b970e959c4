//! What a provider implements. [`Store`](crate::Store) checks what is the same for all of them:
//! keys, metadata, sizes, the prefix.

use std::{pin::Pin, time::Duration};

use futures_core::{Stream, future::BoxFuture};

use crate::{
    Body, Entry, Error, ErrorKind, GetOptions, Key, ListOptions, Meta, Object, PresignMethod,
    Presigned, Put, PutOptions, Upload,
};

/// The answer of a call.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// The entries of a list. An error ends it.
pub type Entries = Pin<Box<dyn Stream<Item = Result<Entry, Error>> + Send>>;

/// What a provider offers beyond put, get, stat, delete and list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Puts only if there is no such object.
    pub create: bool,
    /// Puts only if the object is the expected one.
    pub replace: bool,
    /// Keeps the content type and metadata.
    pub metadata: bool,
    /// Gives out addresses that anybody can use.
    pub presign: bool,
    /// Lists and aborts uploads that have not ended.
    pub uploads: bool,
}

/// A place for objects.
pub trait Provider: Send + Sync + 'static {
    /// Its name in the config.
    fn name(&self) -> &'static str;

    /// What it offers.
    fn capabilities(&self) -> Capabilities;

    /// Whether it has to know the SHA-256 of a file before the content.
    fn wants_sha256(&self) -> bool {
        false
    }

    /// Writes an object. An object is visible only whole; a future that is dropped leaves none.
    fn put<'a>(&'a self, key: &'a str, body: Body, options: PutOptions) -> Answer<'a, Put>;

    /// Opens an object. What the stream yields is of one version of it.
    fn get<'a>(&'a self, key: &'a str, options: GetOptions) -> Answer<'a, Object>;

    /// What is known of an object.
    fn stat<'a>(&'a self, key: &'a str) -> Answer<'a, Meta>;

    /// Removes objects; missing ones are not an error.
    fn delete<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, ()>;

    /// Lists what starts with a text, in the order of the names' bytes.
    fn list(&self, prefix: &str, options: ListOptions) -> Entries;

    /// An address that anybody can use until it expires.
    fn presign<'a>(
        &'a self,
        _method: PresignMethod,
        key: &'a str,
        _expires: Duration,
    ) -> Answer<'a, Presigned> {
        let error = unsupported(self.name(), "presign").with_what(key);
        Box::pin(async move { Err(error) })
    }

    /// The uploads that have not ended, below a prefix.
    fn uploads<'a>(&'a self, _prefix: &'a str) -> Answer<'a, Vec<Upload>> {
        let error = unsupported(self.name(), "uploads");
        Box::pin(async move { Err(error) })
    }

    /// Ends an upload, and removes its parts.
    fn abort_upload<'a>(&'a self, upload: &'a Upload) -> Answer<'a, ()> {
        let error = unsupported(self.name(), "abort_upload").with_what(&upload.name);
        Box::pin(async move { Err(error) })
    }
}

fn unsupported(provider: &str, op: &'static str) -> Error {
    let message = format!("the provider `{provider}` does not have this call");
    Error::new(ErrorKind::Unsupported, op, message)
}
