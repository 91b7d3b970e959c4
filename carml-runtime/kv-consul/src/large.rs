//! Values that are too large for a transaction, in which they are in base64.

use bytes::Bytes;
use carml_kv::{
    Applied, Error, ErrorKind, Key, Revision,
    client::{Call, conflict},
};
use tokio::time::Instant;

use crate::{Consul, PROVIDER, cluster::Request, namespace::path};

impl Consul {
    /// Writes a value; `expected` as in `atomic_put`, or `None`: unconditionally. The request does not
    /// answer the revision: the value is marked with a number, and read again.
    pub(crate) async fn put_large(
        &self,
        op: &'static str,
        key: &Key,
        value: Bytes,
        expected: Option<Option<Revision>>,
    ) -> Result<Revision, Error> {
        let native = self.shared.namespace.native(key);
        let (read, write) = (
            Call::read(op).on(key.as_str()),
            Call::write(op).on(key.as_str()),
        );
        let mark: u64 = rand::random();
        let give_up = Instant::now() + self.shared.cluster.timeout();
        loop {
            let present = self.pair(&read, &native, Default::default()).await?;
            let found = present.as_ref().map(|pair| Revision(pair.modified));
            if let Some(expected) = expected.filter(|expected| *expected != found) {
                return Err(conflict(PROVIDER, op, key, expected, found));
            }
            if present.is_some_and(|pair| pair.session.is_some()) {
                let why = "Consul cannot replace a value with a lease by one over 383 KiB: delete it \
                           first";
                let error = Error::new(ErrorKind::TooLarge, op, why).with_backend(PROVIDER);
                return Err(error.with_key(key.as_str()));
            }
            let index = found.map_or(0, |Revision(index)| index);
            let path = format!("{}?cas={index}&flags={mark}", path(&native));
            let request = Request::put(path, value.clone());
            let written: bool = self.shared.cluster.call(&write, &request).await?.json(op)?;
            if written {
                return self.revision_of(&read, &native, mark).await;
            }
            if Instant::now() > give_up {
                let why = "other clients write the key all the time";
                let error = Error::new(ErrorKind::Unavailable, op, why).with_backend(PROVIDER);
                return Err(error.with_key(key.as_str()));
            }
        }
    }

    /// The revision of what was just written with this mark.
    async fn revision_of(
        &self,
        call: &Call<'_>,
        native: &str,
        mark: u64,
    ) -> Result<Revision, Error> {
        let read = self.pair(call, native, Default::default()).await;
        let why = match read {
            Ok(Some(pair)) if pair.flags == mark => return Ok(Revision(pair.modified)),
            Ok(_) => "the value was written, and replaced before its revision was read".to_owned(),
            Err(e) => format!(
                "the value was written, but not its revision read: {}",
                e.message
            ),
        };
        let error = Error::new(ErrorKind::Indeterminate, call.op(), why).with_backend(PROVIDER);
        let mut error = call.about(error);
        error.applied = Applied::Yes;
        Err(error)
    }
}
