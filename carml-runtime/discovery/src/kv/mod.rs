//! A directory over the key/value contract.

mod registration;
mod watch;

use std::{sync::Arc, time::Duration};

use carml_kv::{Error, Key, Kv, ListOptions, WatchStart, contract::Answer};
use futures_util::{future, stream::BoxStream};

use self::registration::KvRegistration;
use crate::{Directory, Format, Instance, RegisteredInstance, Registration, Update};

/// Instances as entries of a key/value store, below an optional prefix.
#[derive(Debug)]
pub struct KvDirectory<F> {
    kv: Kv,
    prefix: Option<Key>,
    format: Arc<F>,
}

impl<F: Format> KvDirectory<F> {
    /// The entries are `<prefix>/<service>/<id>`; without a prefix, `<service>/<id>`.
    pub fn new(kv: Kv, prefix: Option<Key>, format: F) -> Self {
        Self {
            kv,
            prefix,
            format: Arc::new(format),
        }
    }

    /// The directory of a service's instances.
    fn service(&self, service: &str) -> Result<Key, Error> {
        match &self.prefix {
            Some(prefix) => Key::parse(&format!("{prefix}/{service}")),
            None => Key::parse(service),
        }
    }

    /// The service that an entry belongs to: all of its key but the last segment.
    fn service_of(&self, key: &Key) -> Option<String> {
        let key = match &self.prefix {
            Some(prefix) => key.as_str().strip_prefix(&prefix.prefix())?,
            None => key.as_str(),
        };
        key.rsplit_once('/').map(|(service, _)| service.to_owned())
    }

    async fn add(
        &self,
        services: &[String],
        instance: &Instance,
        ttl: Duration,
    ) -> Result<KvRegistration, Error> {
        let mut entries = Vec::with_capacity(services.len());
        for service in services {
            let id = self.format.id(service, instance);
            let key = Key::parse(&format!("{}/{id}", self.service(service)?))?;
            entries.push((key, self.format.encode(service, &id, instance)));
        }
        let lease = self.kv.lease(ttl).await?;
        let put = entries.iter().map(|(key, value)| {
            let put = self.kv.put(key.clone(), value.clone(), Some(lease.id()));
            async move { put.await.map(drop) }
        });
        let put = future::try_join_all(put).await;
        let keys = entries.into_iter().map(|(key, _)| key);
        let registration = match put {
            Ok(_) => KvRegistration::watched(&self.kv, lease, keys.collect()).await,
            Err(error) => Err((lease, error)),
        };
        registration.map_err(|(lease, error)| {
            // Some of the entries may exist.
            tokio::spawn(lease.revoke());
            error
        })
    }
}

impl<F: Format> Directory for KvDirectory<F> {
    fn provider(&self) -> &'static str {
        self.kv.provider()
    }

    fn register<'a>(
        &'a self,
        services: &'a [String],
        instance: &'a Instance,
        ttl: Duration,
    ) -> Answer<'a, Box<dyn Registration>> {
        Box::pin(async move {
            let registration = self.add(services, instance, ttl).await?;
            Ok(Box::new(registration) as Box<dyn Registration>)
        })
    }

    fn list(&self) -> Answer<'_, Vec<RegisteredInstance>> {
        Box::pin(async move {
            let (mut found, mut options) = (Vec::new(), ListOptions::default());
            loop {
                let page = self.kv.list(self.prefix.clone(), options.clone()).await?;
                for entry in page.entries {
                    let instance = self.format.decode(&entry.value).map(Arc::new);
                    let service = self.service_of(&entry.key);
                    let both = service.zip(instance);
                    found.extend(
                        both.map(|(service, instance)| RegisteredInstance { service, instance }),
                    );
                }
                options.after = page.next;
                if options.after.is_none() {
                    return Ok(found);
                }
            }
        })
    }

    fn watch<'a>(
        &'a self,
        service: &'a str,
    ) -> Answer<'a, BoxStream<'static, Result<Update, Error>>> {
        Box::pin(async move {
            let service = self.service(service)?;
            let watch = self.kv.watch_tree(Some(service), WatchStart::Now).await?;
            Ok(watch::updates(watch, Arc::clone(&self.format)))
        })
    }
}
