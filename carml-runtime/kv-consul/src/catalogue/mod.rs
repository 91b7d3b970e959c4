//! Consul's catalogue as a directory of services, as its other clients use it.

mod entry;
mod registration;
mod watch;

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use carml_discovery::{Directory, Instance, RegisteredInstance, Registration, Update};
use carml_kv::{Error, client::Call, contract::Answer};
use futures_util::{
    StreamExt as _, TryStreamExt as _, future,
    stream::{self, BoxStream},
};

use self::{entry::Entry, registration::CatalogueRegistration};
use crate::{Consul, PROVIDER, cluster::Request};

/// How many services a listing asks for at a time.
const CONCURRENT: usize = 8;

/// The services of a Consul cluster: each instance is a service of an agent, with a TTL check.
#[derive(Clone)]
pub struct Catalogue {
    consul: Consul,
}

impl Consul {
    /// The services of the cluster. They share the connections, and end with a close.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        Catalogue {
            consul: self.clone(),
        }
    }

    /// Asks the agent that services are registered with.
    async fn ask_agent(&self, call: &Call<'_>, path: String, body: Bytes) -> Result<(), Error> {
        let request = Request::put(path, body);
        self.shared.cluster.call(call, &request).await.map(drop)
    }
}

impl Catalogue {
    async fn add(
        &self,
        services: &[String],
        instance: &Instance,
        ttl: Duration,
    ) -> Result<CatalogueRegistration, Error> {
        let entries = services.iter();
        let entries = entries.map(|service| Entry::new(service, instance, ttl));
        let entries = entries.collect::<Result<Vec<Entry>, Error>>()?;
        let ids = entries.iter().map(|entry| entry.id().to_owned()).collect();
        // Registering twice is registering once.
        let call = Call::read("register");
        let written = entries.iter().map(|entry| {
            let path = "/v1/agent/service/register".to_owned();
            self.consul.ask_agent(&call, path, entry.to_json())
        });
        // What was written before a failure goes with its ttl. To remove it here could remove what the
        // next attempt writes: the ids are the same.
        future::try_join_all(written).await?;
        let consul = self.consul.clone();
        Ok(CatalogueRegistration::start(consul, ids, ttl))
    }

    async fn passing(&self, service: &str) -> Result<Vec<RegisteredInstance>, Error> {
        let request = Request::read(watch::path(service, 0));
        let call = Call::read("services").on(service);
        let answer = self.consul.shared.cluster.call(&call, &request).await?;
        let instances = watch::instances(&answer)?.into_iter();
        let registered = instances.map(|instance| RegisteredInstance {
            service: service.to_owned(),
            instance,
        });
        Ok(registered.collect())
    }
}

impl Directory for Catalogue {
    fn provider(&self) -> &'static str {
        PROVIDER
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
            let call = Call::read("services");
            let request = Request::read("/v1/catalog/services".to_owned());
            let answer = self.consul.shared.cluster.call(&call, &request).await?;
            let tags: BTreeMap<String, Vec<String>> = answer.json("services")?;
            let found = stream::iter(tags.into_keys()).map(|name| {
                let catalogue = self.clone();
                async move { catalogue.passing(&name).await }
            });
            let found: Vec<Vec<_>> = found.buffered(CONCURRENT).try_collect().await?;
            Ok(found.into_iter().flatten().collect())
        })
    }

    fn watch<'a>(
        &'a self,
        service: &'a str,
    ) -> Answer<'a, BoxStream<'static, Result<Update, Error>>> {
        Box::pin(watch::updates(self.consul.clone(), service))
    }
}
