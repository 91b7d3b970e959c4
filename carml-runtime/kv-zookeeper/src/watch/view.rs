//! What a watch sees: one key, or what is below a directory.

use std::collections::{BTreeMap, BTreeSet};

use carml_kv::{Batch, Entry, Key, Revision, SnapshotReason, WatchStart};
use futures_util::future::try_join_all;
use zookeeper_client::{Client, Error as ZkError};

use crate::{
    hub::Filter,
    namespace::{Namespace, absolute, parent},
    nodes::{AT_ONCE, Node, node, nodes, revision, tree},
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

/// The state of a scope, whose nodes were not read at one moment.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) entries: BTreeMap<Key, Entry>,
    /// Nothing that was read in the scope is newer, and no removal that was seen.
    pub(super) latest: i64,
    /// The last write to the bucket before the scope was read.
    pub(super) clock: i64,
    /// Nothing in the scope changed while it was read.
    pub(super) quiet: bool,
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
            (_, true) => removed_at(client, scope.root()).await?,
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

    /// The highest zxid that was read.
    pub(super) fn seen(&self) -> i64 {
        self.clock.max(self.latest)
    }

    /// Every change up to it is in the view.
    pub(super) fn revision(&self) -> Revision {
        // Only the clock is certainly before what changed while the scope was read.
        revision(match self.quiet {
            true => self.seen(),
            false => self.clock,
        })
    }

    /// Why a consumer that begins here gets the whole state; `None`: it has it already.
    pub(super) fn reason(&self, from: WatchStart) -> Option<SnapshotReason> {
        match from {
            WatchStart::Now => Some(SnapshotReason::Started),
            WatchStart::Revision(after) if after > revision(self.seen()) => {
                Some(SnapshotReason::IndexReset)
            }
            // A removal that happened meanwhile is in the news only.
            WatchStart::Revision(after) if self.quiet && after >= revision(self.latest) => None,
            // There is no history.
            WatchStart::Revision(_) => Some(SnapshotReason::Compacted),
        }
    }

    /// The entries, as the state at a revision.
    pub(super) fn snapshot(&self, revision: Revision, reason: SnapshotReason) -> Batch {
        Batch::Snapshot {
            entries: self.entries.values().cloned().collect(),
            revision,
            reason,
        }
    }
}

/// Reads nodes, and when each got its value, or not before which it was removed.
pub(super) async fn read_nodes(
    client: &Client,
    paths: &BTreeSet<String>,
) -> Result<Vec<(Option<Node>, i64)>, ZkError> {
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut read = Vec::with_capacity(paths.len());
    for part in paths.chunks(AT_ONCE) {
        let found = nodes(client, part.iter().copied()).await?;
        let found = part.iter().zip(found).map(|(path, node)| async move {
            match node {
                Some(node) => Ok((node.stat.mzxid, Some(node))),
                None => read_again(client, path).await,
            }
        });
        let found = try_join_all(found).await?;
        read.extend(found.into_iter().map(|(zxid, node)| (node, zxid)));
    }
    Ok(read)
}

/// Reads a node that was missing again, after the nodes above it: when it is made again later, that is
/// after what they tell of its removal.
pub(super) async fn read_again(
    client: &Client,
    path: &str,
) -> Result<(i64, Option<Node>), ZkError> {
    // All are sent at once, and answered in this order.
    let removed = removed_at(client, path);
    let again = node(client, path);
    let (removed, again) = futures_util::try_join!(removed, again)?;
    Ok(match again {
        Some(node) => (node.stat.mzxid, Some(node)),
        None => (removed, None),
    })
}

/// Not before which a missing node was removed: the next node above knows when it lost a child.
fn removed_at(client: &Client, path: &str) -> impl Future<Output = Result<i64, ZkError>> + use<> {
    let above = std::iter::successors(parent(path), |path| parent(path)).chain([""]);
    let above = try_join_all(above.map(|path| client.check_stat(absolute(path))));
    async move {
        let above = above.await?;
        let nearest = above.into_iter().flatten().next();
        Ok(nearest.map_or(0, |stat| stat.pzxid))
    }
}
