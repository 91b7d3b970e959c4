//! Reads what the news are about.

use std::collections::BTreeSet;

use carml_kv::{
    Batch, Error, Revision, SnapshotReason,
    client::{Backoff, Call},
};
use tokio_util::sync::CancellationToken;

use super::{
    ledger::{Found, Ledger},
    view::{Scope, View, read_nodes},
};
use crate::{
    Zookeeper,
    hub::{News, Subscription},
    session::failure,
};

pub(super) struct Follower {
    zookeeper: Zookeeper,
    op: &'static str,
    scope: Scope,
    news: Subscription,
    ledger: Ledger,
}

impl Follower {
    pub(super) fn new(
        zookeeper: &Zookeeper,
        op: &'static str,
        scope: Scope,
        news: Subscription,
    ) -> Follower {
        Follower {
            zookeeper: zookeeper.clone(),
            op,
            scope,
            news,
            ledger: Ledger::default(),
        }
    }

    pub(super) fn op(&self) -> &'static str {
        self.op
    }

    pub(super) fn closed(&self) -> CancellationToken {
        self.zookeeper.shared.caller.closed().clone()
    }

    pub(super) fn backoff(&self) -> Backoff {
        self.zookeeper.shared.caller.backoff()
    }

    pub(super) async fn news(&self) -> News {
        self.news.news().await
    }

    pub(super) fn missed(&self, reason: SnapshotReason) {
        self.news.missed(reason);
    }

    /// Reads the whole scope. Reads of different nodes are not of one moment: what changed in the
    /// meantime is in the news.
    pub(super) async fn read(&self, call: &Call<'_>) -> Result<View, Error> {
        let (ensemble, hub) = (self.zookeeper.ensemble(), &self.zookeeper.shared.hub);
        let (ensemble, scope) = (&ensemble, &self.scope);
        self.news.forget();
        let view = self.zookeeper.run(call, |session| async move {
            let client = &session.client;
            let view = View::read(client, &ensemble.namespace, scope).await;
            let view = view.map_err(failure)?;
            hub.catch_up(client.session_id())?;
            Ok(view)
        });
        let mut view = view.await?;
        view.quiet = self.news.is_quiet();
        Ok(view)
    }

    /// See [`Ledger::is_newer_than`].
    pub(super) fn is_newer_than(&self, view: &View) -> bool {
        self.ledger.is_newer_than(view)
    }

    /// See [`Ledger::is_known`].
    pub(super) fn is_known(&self, view: &View) -> bool {
        self.ledger.is_known(view)
    }

    /// See [`Ledger::knows`].
    pub(super) fn knows(&mut self, view: &View, floor: Revision) -> Revision {
        self.ledger.knows(view, floor)
    }

    /// A round: reads these nodes. The result is what can be told of their changes by now.
    pub(super) async fn changes(&mut self, paths: BTreeSet<String>) -> Result<Vec<Batch>, Error> {
        let (ensemble, hub) = (self.zookeeper.ensemble(), &self.zookeeper.shared.hub);
        let (namespace, paths) = (&ensemble.namespace, &paths);
        self.ledger.begin();
        let call = Call::read(self.op);
        let read = self.zookeeper.run(&call, |session| async move {
            let client = &session.client;
            let read = read_nodes(client, paths).await.map_err(failure)?;
            hub.catch_up(client.session_id())?;
            Ok(read)
        });
        let read = read.await?;
        if self.news.is_interrupted() {
            // Another session may show an older state. The whole scope is read next.
            return Ok(Vec::new());
        }
        for (path, (node, zxid)) in paths.iter().zip(read) {
            let Some(key) = namespace.key(path) else {
                continue;
            };
            let entry = node.and_then(|node| node.entry(key.clone()));
            self.ledger.read(Found { key, entry, zxid });
        }
        Ok(self.ledger.end(self.news.is_quiet()))
    }
}
