//! The instances of a service, kept up to date by a watch.

use std::{
    collections::{BTreeMap, HashSet},
    pin::Pin,
    sync::Arc,
};

use carml_kv::{Batch, Error, Event, Key, SnapshotReason, WatchStatus, WatchStream};
use futures_core::Stream;
use futures_util::{
    FutureExt as _, StreamExt as _,
    stream::{self, BoxStream},
};

use crate::{Format, Instance, Update};

/// How many batches may become one update: changes in quick succession are reported once.
const MAX_BATCHES: usize = 1_000;

pub(crate) fn updates<F: Format>(
    watch: WatchStream,
    format: Arc<F>,
) -> BoxStream<'static, Result<Update, Error>> {
    let follower = Follower {
        status: Box::pin(watch.status()),
        watch,
        format,
        instances: BTreeMap::new(),
        is_known: false,
        is_resync: false,
    };
    stream::try_unfold(follower, |mut follower| async move {
        let update = follower.next().await?;
        Ok(update.map(|update| (update, follower)))
    })
    .boxed()
}

struct Follower<F> {
    watch: WatchStream,
    status: Pin<Box<dyn Stream<Item = WatchStatus> + Send>>,
    format: Arc<F>,
    instances: BTreeMap<Key, Arc<Instance>>,
    /// Whether there was a snapshot.
    is_known: bool,
    is_resync: bool,
}

impl<F: Format> Follower<F> {
    /// `None`: the watch has ended.
    async fn next(&mut self) -> Result<Option<Update>, Error> {
        loop {
            tokio::select! {
                biased;
                batch = self.watch.next() => {
                    let Some(batch) = batch else { return Ok(None) };
                    self.apply(batch?);
                    self.apply_ready()?;
                }
                Some(status) = self.status.next() => match status {
                    WatchStatus::Live => {}
                    _ if self.is_known => return Ok(Some(Update::Unreachable)),
                    _ => {}
                },
            }
            if self.is_known {
                return Ok(Some(self.update()));
            }
        }
    }

    /// Applies what is there already.
    fn apply_ready(&mut self) -> Result<(), Error> {
        for _ in 0..MAX_BATCHES {
            match self.watch.next().now_or_never() {
                Some(Some(batch)) => self.apply(batch?),
                // The end is found again by the next call.
                Some(None) | None => break,
            }
        }
        Ok(())
    }

    fn apply(&mut self, batch: Batch) {
        match batch {
            Batch::Snapshot {
                entries, reason, ..
            } => {
                self.is_resync |= self.is_known || reason != SnapshotReason::Started;
                self.is_known = true;
                self.instances.clear();
                for entry in entries {
                    self.put(entry.key, &entry.value);
                }
            }
            Batch::Events { events, .. } => {
                for event in events {
                    match event {
                        Event::Put(entry) => self.put(entry.key, &entry.value),
                        Event::Delete { key, .. } => drop(self.instances.remove(&key)),
                    }
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, key: Key, value: &[u8]) {
        match self.format.decode(value) {
            Some(instance) => drop(self.instances.insert(key, Arc::new(instance))),
            None => {
                tracing::debug!(key = key.as_str(), "the entry is not an instance");
                self.instances.remove(&key);
            }
        }
    }

    fn update(&mut self) -> Update {
        let mut addresses = HashSet::new();
        let all = self.instances.values();
        let once = all.filter(|instance| addresses.insert(instance.address.as_str()));
        Update::Instances {
            instances: once.cloned().collect(),
            is_resync: std::mem::take(&mut self.is_resync),
        }
    }
}
