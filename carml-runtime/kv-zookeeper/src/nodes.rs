//! Reads of nodes and of trees.

use std::collections::BTreeMap;

use bytes::Bytes;
use carml_kv::{Entry, Key, LeaseId, Revision};
use futures_util::future::try_join_all;
use zookeeper_client::{Client, Error as ZkError, Stat};

use crate::namespace::{DIRECTORY, Namespace, absolute};

/// How many nodes are asked for at once: values may be large.
pub(crate) const AT_ONCE: usize = 64;

/// A node as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    data: Bytes,
    pub(crate) stat: Stat,
}

impl Node {
    pub(crate) fn new(data: impl Into<Bytes>, stat: Stat) -> Node {
        let data = data.into();
        Node { data, stat }
    }

    pub(crate) fn has_value(&self) -> bool {
        self.data != DIRECTORY
    }

    pub(crate) fn revision(&self) -> Revision {
        revision(self.stat.mzxid)
    }

    /// The latest change of the node or of the list of its children.
    pub(crate) fn latest(&self) -> i64 {
        self.stat.mzxid.max(self.stat.pzxid)
    }

    /// The session whose end removes it.
    pub(crate) fn owner(&self) -> Option<i64> {
        (self.stat.ephemeral_owner != 0).then_some(self.stat.ephemeral_owner)
    }

    /// `None`: it has no value.
    pub(crate) fn entry(&self, key: Key) -> Option<Entry> {
        self.has_value().then(|| Entry {
            key,
            value: self.data.clone(),
            revision: self.revision(),
            lease: self.owner().map(|owner| LeaseId(owner.cast_unsigned())),
        })
    }
}

pub(crate) fn revision(zxid: i64) -> Revision {
    Revision(zxid.cast_unsigned())
}

/// Sends the request at once; the answer is awaited later.
pub(crate) fn node(
    client: &Client,
    path: &str,
) -> impl Future<Output = Result<Option<Node>, ZkError>> + use<> {
    let read = client.get_data(absolute(path));
    async move {
        match read.await {
            Ok((data, stat)) => Ok(Some(Node::new(data, stat))),
            Err(ZkError::NoNode) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// Several nodes, read in this order.
pub(crate) async fn nodes<'a>(
    client: &Client,
    paths: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Option<Node>>, ZkError> {
    try_join_all(paths.into_iter().map(|path| node(client, path))).await
}

/// A node and what is below it, without the side nodes.
pub(crate) async fn tree(
    client: &Client,
    namespace: &Namespace,
    root: &str,
) -> Result<BTreeMap<String, Node>, ZkError> {
    let (side, mut found, mut level) = (namespace.side(), BTreeMap::new(), vec![root.to_owned()]);
    while !level.is_empty() {
        let mut parents = Vec::new();
        for part in level.chunks(AT_ONCE) {
            let read = nodes(client, part.iter().map(String::as_str)).await?;
            for (path, node) in part.iter().zip(read) {
                let Some(node) = node else { continue };
                if node.stat.num_children > 0 {
                    parents.push(path.clone());
                }
                found.insert(path.clone(), node);
            }
        }
        level.clear();
        for part in parents.chunks(AT_ONCE) {
            let lists = part.iter().map(|parent| children(client, parent));
            level.extend(try_join_all(lists).await?.into_iter().flatten());
        }
        level.retain(|path| *path != side);
    }
    Ok(found)
}

/// The paths of a node's children.
pub(crate) fn children(
    client: &Client,
    parent: &str,
) -> impl Future<Output = Result<Vec<String>, ZkError>> {
    let list = client.list_children(absolute(parent));
    async move {
        match list.await {
            Ok(names) => Ok(names
                .iter()
                .map(|name| format!("{parent}/{name}"))
                .collect()),
            Err(ZkError::NoNode) => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }
}
