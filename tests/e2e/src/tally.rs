//! A service that keeps its state in the store, whichever the config names.

use carml_runtime::{
    AppError, Context, carml_service,
    discovery::Resolver,
    kv::{Entry, Error, Key, Kv, Txn, WatchStart},
};
use futures_core::Stream;
use futures_util::{StreamExt as _, TryStreamExt as _, future};
use tonic::Status;

use crate::{config::AppConfig, proto::carml::test::v1::*};

/// Counters: one key each.
#[derive(Debug)]
pub struct StoredTally {
    kv: Kv,
    resolver: Resolver,
}

impl StoredTally {
    /// With the store and the services of the config.
    pub fn new(context: &Context<AppConfig>) -> Result<Self, AppError> {
        Ok(Self {
            kv: context.kv()?.clone(),
            resolver: context.resolver()?,
        })
    }
}

#[carml_service(requires(get, delete, list, watch, lock, transaction))]
impl Tally for StoredTally {
    async fn add(&self, request: AddRequest) -> Result<Sum, Status> {
        let key = key(&request.counter.unwrap_or_default())?;
        let guard = self.kv.acquire(key.clone()).await?;
        let sum = sum(self.kv.get(&key).await?.as_ref()) + request.count;
        let fenced = Txn::new().require(&guard).put(key, sum.to_string());
        self.kv.commit(fenced).await?;
        guard.release();
        Ok(Sum { sum })
    }

    async fn get(&self, counter: Counter) -> Result<Sum, Status> {
        let found = self.kv.get(&key(&counter)?).await?;
        let sum = sum(found.as_ref());
        Ok(Sum { sum })
    }

    async fn follow(
        &self,
        counter: Counter,
    ) -> Result<impl Stream<Item = Result<Sum, Status>> + Send + use<>, Status> {
        let watch = self.kv.watch(key(&counter)?, WatchStart::Now).await?;
        let sums = watch.snapshots().map_ok(|state| sum(state.entries.first()));
        let mut last = None;
        let changes = sums.try_filter(move |sum| future::ready(last.replace(*sum) != Some(*sum)));
        Ok(changes.map(|sum| Ok(Sum { sum: sum? })))
    }

    async fn remove(&self, counter: Counter) -> Result<Sum, Status> {
        let key = key(&counter)?;
        let last = self.kv.get(&key).await?;
        if !self.kv.delete(key).await? {
            return Err(Status::not_found("the counter does not exist"));
        }
        let sum = sum(last.as_ref());
        Ok(Sum { sum })
    }

    async fn list(&self, _: ListRequest) -> Result<ListReply, Status> {
        let page = self
            .kv
            .list(Some(Key::parse(FOLDER)?), Default::default())
            .await?;
        let names = page.entries.iter().map(|entry| entry.key.as_str());
        let names = names.map(|key| key[FOLDER.len() + 1..].to_owned());
        Ok(ListReply {
            names: names.collect(),
        })
    }

    async fn resolve(&self, request: ResolveRequest) -> Result<ResolveReply, Status> {
        let mut watch = self.resolver.watch(&request.service);
        let found = watch.changed().await;
        let found = found.ok_or_else(|| Status::unavailable("the store was closed"))?;
        let addresses = found.instances.iter().map(|one| one.address.clone());
        Ok(ResolveReply {
            addresses: addresses.collect(),
        })
    }
}

const FOLDER: &str = "counters";

fn key(counter: &Counter) -> Result<Key, Error> {
    Key::parse(&format!("{FOLDER}/{}", counter.name))
}

fn sum(entry: Option<&Entry>) -> u64 {
    let text = entry.and_then(|entry| std::str::from_utf8(&entry.value).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
