//! Provider `s3` of CarML's object store: services that are compatible with S3.
//!
//! Requests are OpenDAL's; four rules are CarML's:
//!
//! - `transport`: every request goes through one client, which repeats what can be repeated, obeys
//!   `Retry-After`, notices silence, and takes no answer with another range than was asked for.
//! - `read`: every request for a part of an object names the ETag that it must have.
//! - `write`: a writer is not used again after its first error, and its upload is aborted.
//! - `resolve`: after a write without a clear answer, the service is asked what it has.

mod error;
mod list;
mod options;
mod read;
mod resolve;
mod service;
mod transport;
mod uploads;
mod write;

pub use options::{Credentials, Options, Retry};

use std::{sync::Arc, time::Duration};

use carml_store::{
    Body, Capabilities, Error, ErrorKind, Events, GetOptions, Key, ListOptions, Meta, Object,
    PresignMethod, Presigned, Provider, Put, PutOptions, Upload,
    provider::{Answer, Entries},
};
use opendal_core::Operator;

use error::Context;
use service::Service;

/// The provider. Cheap to clone.
#[derive(Clone, Debug)]
pub struct S3 {
    service: Arc<Service>,
}

impl S3 {
    /// A bucket of a service. Nothing is sent.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` if the options contradict each other, or a certificate is not one.
    pub fn new(options: Options) -> Result<Self, Error> {
        Ok(Self {
            service: Arc::new(Service::new(options)?),
        })
    }

    fn operator(&self) -> Operator {
        self.service.operator(&Events::default())
    }
}

/// OpenDAL removes white space at the ends of a key, and would take another object.
fn check(op: &'static str, key: &str) -> Result<(), Error> {
    if key.trim() == key {
        return Ok(());
    }
    let message = "with the provider `s3`, a key cannot start or end with white space";
    Err(Error::new(ErrorKind::InvalidKey, op, message).with_what(key))
}

impl Provider for S3 {
    fn name(&self) -> &'static str {
        "s3"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            create: true,
            replace: true,
            metadata: true,
            presign: true,
            uploads: true,
        }
    }

    fn wants_sha256(&self) -> bool {
        true
    }

    fn put<'a>(&'a self, key: &'a str, body: Body, options: PutOptions) -> Answer<'a, Put> {
        Box::pin(async move {
            check("put", key)?;
            write::put(&self.service, key, body, options).await
        })
    }

    fn get<'a>(&'a self, key: &'a str, options: GetOptions) -> Answer<'a, Object> {
        Box::pin(async move {
            check("get", key)?;
            read::get(&self.service, key, options).await
        })
    }

    fn stat<'a>(&'a self, key: &'a str) -> Answer<'a, Meta> {
        Box::pin(async move {
            check("stat", key)?;
            let meta = read::stat(&self.operator(), key).await;
            meta.map_err(|error| Context::new("stat", key).error(error))
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, ()> {
        Box::pin(async move {
            for key in keys {
                check("delete", key.as_str())?;
            }
            let operator = self.operator();
            let (Some(first), names) = (keys.first(), keys.iter().map(Key::as_str)) else {
                return Ok(());
            };
            let deleted = operator.delete_iter(names).await;
            deleted.map_err(|error| Context::new("delete", first.as_str()).error(error))
        })
    }

    fn list(&self, prefix: &str, options: ListOptions) -> Entries {
        list::list(self.operator(), prefix, options)
    }

    fn presign<'a>(
        &'a self,
        method: PresignMethod,
        key: &'a str,
        expires: Duration,
    ) -> Answer<'a, Presigned> {
        Box::pin(async move {
            check("presign", key)?;
            let operator = self.service.presigner();
            let (name, request) = match method {
                PresignMethod::Get => ("GET", operator.presign_read(key, expires).await),
                PresignMethod::Put => ("PUT", operator.presign_write(key, expires).await),
            };
            let request = request.map_err(|error| Context::new("presign", key).error(error))?;
            let headers = request.header().iter().map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            });
            let url = request.uri().to_string();
            Ok(Presigned::new(name, url, headers.collect(), expires))
        })
    }

    fn uploads<'a>(&'a self, prefix: &'a str) -> Answer<'a, Vec<Upload>> {
        Box::pin(uploads::list(&self.service, prefix))
    }

    fn abort_upload<'a>(&'a self, upload: &'a Upload) -> Answer<'a, ()> {
        Box::pin(uploads::abort(&self.service, upload))
    }
}
