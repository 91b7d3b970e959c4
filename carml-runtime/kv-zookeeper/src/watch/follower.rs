//! Reads what the news are about.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use carml_kv::{
    Batch, DeleteCause, Error, Event, Key, Revision, SnapshotReason,
    client::{Backoff, Call},
};
use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;

use super::view::{Scope, View, removed_at};
use crate::{
    Zookeeper,
    hub::{News, Subscription},
    nodes::{Node, nodes, revision},
    session::failure,
};

/// A scope that keeps changing is not read more often than this for one set of batches.
const MAX_ROUNDS: usize = 16;

pub(super) struct Follower {
    zookeeper: Zookeeper,
    op: &'static str,
    scope: Scope,
    news: Subscription,
    /// The revision of each key that the consumer knows, and whether it has a lease.
    known: HashMap<Key, (Revision, bool)>,
    /// Of the last batch.
    last: Revision,
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
            known: HashMap::new(),
            last: Revision(0),
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
    pub(super) async fn read(&mut self, call: &Call<'_>) -> Result<View, Error> {
        let (ensemble, scope) = (self.zookeeper.ensemble(), self.scope.clone());
        let (ensemble, scope) = (&ensemble, &scope);
        let view = self.zookeeper.run(call, |session| async move {
            let view = View::read(&session.client, &ensemble.namespace, scope).await;
            view.map_err(failure)
        });
        let mut view = view.await?;
        let news = self.news.take();
        let changed = !news.paths.is_empty();
        self.put_back(news);
        if changed {
            // Only the clock is certainly before all changes that are still to come.
            view.latest = view.latest.min(view.clock);
        }
        Ok(view)
    }

    fn put_back(&self, news: News) {
        self.news.put_back(news);
    }

    pub(super) fn is_known(&self, view: &View) -> bool {
        let same = |(key, entry): (&Key, &carml_kv::Entry)| {
            let known = self.known.get(key);
            known.is_some_and(|(revision, _)| *revision == entry.revision)
        };
        view.entries.len() == self.known.len() && view.entries.iter().all(same)
    }

    /// The consumer knows this state.
    pub(super) fn knows(&mut self, view: &View) {
        let entries = view.entries.iter();
        let entries = entries.map(|(key, e)| (key.clone(), (e.revision, e.lease.is_some())));
        self.known = entries.collect();
        self.last = view.now();
    }

    /// What changed of these nodes, in the order of the revisions.
    pub(super) async fn changes(&mut self, paths: BTreeSet<String>) -> Result<Vec<Batch>, Error> {
        let mut found: BTreeMap<String, (Option<Node>, i64)> = BTreeMap::new();
        let mut paths = paths;
        for _ in 0..MAX_ROUNDS {
            found.extend(self.read_nodes(&paths).await?);
            // The news of a transaction arrive before the answers that show its changes.
            let more = self.news.take();
            paths = more.paths.clone();
            if more.missed.is_some() || more.down {
                self.put_back(more);
                break;
            }
            if paths.is_empty() {
                break;
            }
        }
        // What is not read yet.
        self.put_back(News {
            paths,
            ..News::default()
        });
        let mut batches: BTreeMap<Revision, Vec<Event>> = BTreeMap::new();
        for (path, (node, removed_at)) in found {
            let namespace = &self.zookeeper.ensemble().namespace;
            let Some(key) = namespace.key(&path) else {
                continue;
            };
            let before = self.known.get(&key).copied();
            let entry = node.as_ref().and_then(|node| node.entry(key.clone()));
            let (at, event) = match (entry, before) {
                (Some(entry), Some((revision, _))) if entry.revision == revision => continue,
                (Some(entry), _) => {
                    let known = (entry.revision, entry.lease.is_some());
                    self.known.insert(key, known);
                    (entry.revision, Event::Put(entry))
                }
                (None, None) => continue,
                (None, Some((_, leased))) => {
                    self.known.remove(&key);
                    // ZooKeeper does not tell whether a session ended or a call removed the node.
                    let cause = match leased {
                        true => DeleteCause::Unknown,
                        false => DeleteCause::Explicit,
                    };
                    let at = node.map_or(removed_at, |node| node.stat.mzxid);
                    (revision(at), Event::Delete { key, cause })
                }
            };
            batches.entry(at.max(self.last)).or_default().push(event);
        }
        let batches: Vec<Batch> = batches
            .into_iter()
            .map(|(revision, events)| Batch::Events { revision, events })
            .collect();
        if let Some(Batch::Events { revision, .. }) = batches.last() {
            self.last = *revision;
        }
        Ok(batches)
    }

    async fn read_nodes(
        &self,
        paths: &BTreeSet<String>,
    ) -> Result<Vec<(String, (Option<Node>, i64))>, Error> {
        let ensemble = self.zookeeper.ensemble();
        let namespace = &ensemble.namespace;
        let call = Call::read(self.op);
        let read = self.zookeeper.run(&call, |session| async move {
            let client = &session.client;
            let found = nodes(client, paths.iter().map(String::as_str)).await;
            let found = found.map_err(failure)?;
            let all = paths.iter().zip(found).map(|(path, node)| async move {
                let at = match node {
                    Some(_) => 0,
                    None => removed_at(client, namespace, path).await?,
                };
                Ok((path.clone(), (node, at)))
            });
            try_join_all(all).await.map_err(failure)
        });
        read.await
    }
}
