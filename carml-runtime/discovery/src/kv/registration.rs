//! The entries of one process, and what may happen to them.

use carml_kv::{
    Batch, BoxFuture, Error, ErrorKind, Event, Key, Kv, Lease, LeaseId, WatchStart, WatchStream,
    contract::Answer,
};
use futures_util::{
    StreamExt as _, future,
    stream::{self, SelectAll},
};

use crate::Registration;

/// Entries on one lease, with a watch of each: an entry can be removed while its lease lives.
pub(crate) struct KvRegistration {
    lease: Lease,
    entries: SelectAll<WatchStream>,
    keys: Vec<Key>,
}

impl KvRegistration {
    /// Watches entries that were just written. An error gives the lease back.
    pub(crate) async fn watched(
        kv: &Kv,
        lease: Lease,
        keys: Vec<Key>,
    ) -> Result<Self, (Lease, Error)> {
        let watches = keys.iter().map(|key| watch(kv, key));
        match future::try_join_all(watches).await {
            Ok(watches) => Ok(Self {
                lease,
                entries: stream::select_all(watches.into_iter().flatten()),
                keys,
            }),
            Err(error) => Err((lease, error)),
        }
    }
}

/// `None`: this user may write and not read. The lease alone tells then whether entries exist.
async fn watch(kv: &Kv, key: &Key) -> Result<Option<WatchStream>, Error> {
    match kv.watch(key.clone(), WatchStart::Now).await {
        Ok(watch) => Ok(Some(watch)),
        Err(error) if error.kind == ErrorKind::PermissionDenied => Ok(None),
        Err(error) => Err(error),
    }
}

impl Registration for KvRegistration {
    fn lost(&mut self) -> BoxFuture<'_, String> {
        Box::pin(async move {
            let removed = removed(&mut self.entries, self.lease.id(), &self.keys);
            tokio::select! {
                reason = removed => reason,
                () = self.lease.lost() => "its lease has ended".to_owned(),
            }
        })
    }

    fn remove(self: Box<Self>) -> Answer<'static, ()> {
        // Not by key: another process may have taken an entry over.
        Box::pin(self.lease.revoke())
    }

    fn replaced(self: Box<Self>) {
        tokio::spawn(self.lease.revoke());
    }
}

/// Resolves when an entry does not exist any more. An entry that another process overwrites stays as
/// it is: two that write in turns would never end.
async fn removed(entries: &mut SelectAll<WatchStream>, own: LeaseId, keys: &[Key]) -> String {
    while let Some(batch) = entries.next().await {
        let (kept, gone) = match batch {
            Ok(Batch::Snapshot { entries, .. }) if entries.is_empty() => (None, true),
            Ok(Batch::Snapshot { entries, .. }) => (entries.into_iter().next(), false),
            Ok(Batch::Events { events, .. }) => match events.into_iter().next_back() {
                Some(Event::Put(entry)) => (Some(entry), false),
                Some(Event::Delete { .. }) => (None, true),
                None => (None, false),
            },
            Ok(_) => (None, false),
            // The lease still tells whether the entries exist.
            Err(error) => {
                tracing::debug!(%error, "an entry of this process is not watched any more");
                (None, false)
            }
        };
        if gone {
            return "its entry was removed".to_owned();
        }
        if let Some(entry) = kept.filter(|entry| entry.lease != Some(own)) {
            let key = entry.key.as_str();
            tracing::warn!(key, "another process has registered the same address");
        }
    }
    tracing::debug!(keys = keys.len(), "no entry of this process is watched");
    future::pending().await
}
