//! What a watch sees: one key, or what is below a directory.

use std::collections::BTreeMap;

use carml_kv::{Batch, Entry, Key, Revision, SnapshotReason};
use zookeeper_client::{Client, Error as ZkError};

use crate::{
    hub::Filter,
    namespace::{Namespace, parent},
    nodes::{Node, node, nodes, revision, tree},
};

/// What is watched.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    Key(String),
    /// What is below this node.
    Below(String),
}

impl Scope {
    pub(super) fn filter(&self) -> Filter {
        match self {
            Scope::Key(path) => Filter::Node(path.clone()),
            Scope::Below(dir) => Filter::Below(format!("{dir}/")),
        }
    }

    fn root(&self) -> &str {
        match self {
            Scope::Key(path) | Scope::Below(path) => path,
        }
    }
}

/// The state of a scope.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) entries: BTreeMap<Key, Entry>,
    /// Nothing in the scope changed after it; 0 if the scope was changing.
    pub(super) latest: i64,
    /// The last write to the bucket before the scope was read.
    pub(super) clock: i64,
}

impl View {
    pub(super) async fn read(
        client: &Client,
        namespace: &Namespace,
        scope: &Scope,
    ) -> Result<View, ZkError> {
        let clock = namespace.clock();
        // The clock is older than all that is read after it.
        let synced = client.sync(&clock);
        let clock = node(client, &clock);
        let ((), clock) = futures_util::try_join!(synced, clock)?;
        let mut view = View {
            clock: clock.map_or(0, |clock| clock.stat.mzxid),
            ..View::default()
        };
        let found = match scope {
            Scope::Key(path) => {
                let found = node(client, path).await?;
                found.map(|node| (path.clone(), node)).into_iter().collect()
            }
            Scope::Below(dir) => tree(client, namespace, dir).await?,
        };
        view.latest = match (scope, found.is_empty()) {
            // Children of the key are not in the scope.
            (Scope::Key(_), false) => found
                .values()
                .map(|node| node.stat.mzxid)
                .max()
                .unwrap_or(0),
            (Scope::Below(_), false) => found.values().map(Node::latest).max().unwrap_or(0),
            (_, true) => removed_at(client, namespace, scope.root()).await?,
        };
        for (path, node) in found {
            let inside = matches!(scope, Scope::Key(_)) || path != scope.root();
            let key = namespace.key(&path).filter(|_| inside);
            if let Some(entry) = key.and_then(|key| node.entry(key)) {
                view.entries.insert(entry.key.clone(), entry);
            }
        }
        Ok(view)
    }

    /// The revision that it is the state at.
    pub(super) fn now(&self) -> Revision {
        revision(self.clock.max(self.latest))
    }

    pub(super) fn snapshot(&self, reason: SnapshotReason) -> Batch {
        Batch::Snapshot {
            entries: self.entries.values().cloned().collect(),
            revision: self.now(),
            reason,
        }
    }
}

/// Not before which a missing node was removed: the next node above knows when it lost a child.
pub(super) async fn removed_at(
    client: &Client,
    namespace: &Namespace,
    path: &str,
) -> Result<i64, ZkError> {
    let above: Vec<&str> = parent(path)
        .map(|parent| namespace.with_ancestors(parent).collect())
        .unwrap_or_default();
    let found = nodes(client, above).await?;
    Ok(found
        .iter()
        .flatten()
        .next()
        .map_or(0, |node| node.stat.pzxid))
}
