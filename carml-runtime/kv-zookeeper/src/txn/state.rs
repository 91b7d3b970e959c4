//! What a transaction depends on, as it was read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use carml_kv::{Condition, Key, Op, Txn, client::Queue};
use futures_util::future::try_join_all;
use zookeeper_client::{Client, Error as ZkError};

use crate::{
    namespace::{GUARDS, Namespace, absolute},
    nodes::{Node, children, nodes, tree},
};

/// The nodes of a transaction, and the guards of their paths, which were read before them.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// `None`: there is no such node.
    pub(super) nodes: BTreeMap<String, Option<Node>>,
    /// Their versions.
    pub(super) guards: BTreeMap<u8, i32>,
    /// The leases that have a node.
    pub(super) leases: BTreeSet<i64>,
    /// The places of the required locks.
    pub(super) places: HashMap<(String, u64), String>,
}

impl State {
    pub(super) fn node(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)?.as_ref()
    }

    /// The latest change of all that was read.
    pub(super) fn latest(&self) -> i64 {
        let nodes = self.nodes.values().flatten();
        nodes.map(Node::latest).max().unwrap_or(0)
    }

    /// Reads what a transaction needs, not older than the call.
    pub(super) async fn read(
        client: &Client,
        namespace: &Namespace,
        txn: &Txn,
    ) -> Result<State, ZkError> {
        let (mut paths, mut trees, mut held) = (BTreeSet::new(), Vec::new(), Vec::new());
        paths.insert(namespace.clock());
        for condition in &txn.conditions {
            match condition {
                Condition::Revision(key, _) => add(namespace, key, &mut paths),
                Condition::Held(key, token) => held.push((key, *token)),
            }
        }
        for op in &txn.ops {
            match op {
                Op::Put(key, ..) | Op::Delete(key) => add(namespace, key, &mut paths),
                Op::DeleteTree(dir) => {
                    add(namespace, dir, &mut paths);
                    trees.push(namespace.native(dir));
                }
            }
        }
        let mut state = State::default();
        let shards: BTreeSet<u8> = match trees.is_empty() {
            true => paths.iter().map(|path| namespace.shard(path)).collect(),
            false => (0..GUARDS).collect(),
        };
        let guards: Vec<String> = shards.iter().map(|shard| namespace.guard(*shard)).collect();
        // All are sent at once, and answered in this order.
        let synced = client.sync(absolute(namespace.root()));
        let guards = nodes(client, guards.iter().map(String::as_str));
        let read = nodes(client, paths.iter().map(String::as_str));
        let ((), guards, read) = futures_util::try_join!(synced, guards, read)?;
        for (shard, guard) in shards.into_iter().zip(guards) {
            state
                .guards
                .insert(shard, guard.ok_or(ZkError::NoNode)?.stat.version);
        }
        state.nodes.extend(paths.into_iter().zip(read));
        for dir in trees {
            let below = tree(client, namespace, &dir).await?;
            state
                .nodes
                .extend(below.into_iter().map(|(path, node)| (path, Some(node))));
        }
        let owners: BTreeSet<i64> = state
            .nodes
            .values()
            .flatten()
            .filter_map(Node::owner)
            .collect();
        for owner in owners {
            if client.check_stat(&namespace.lease(owner)).await?.is_some() {
                state.leases.insert(owner);
            }
        }
        for (key, token) in held {
            if let Some(place) = place(client, namespace, key, token).await? {
                state.places.insert((key.to_string(), token), place);
            }
        }
        Ok(state)
    }
}

fn add(namespace: &Namespace, key: &Key, paths: &mut BTreeSet<String>) {
    let native = namespace.native(key);
    paths.extend(namespace.with_ancestors(&native).map(str::to_owned));
}

/// The place with a token in the queues of a key.
async fn place(
    client: &Client,
    namespace: &Namespace,
    key: &Key,
    token: u64,
) -> Result<Option<String>, ZkError> {
    for queue in [Queue::Lock, Queue::Election] {
        let places = children(client, &namespace.queue(queue, key)).await?;
        let stats = try_join_all(places.iter().map(|place| client.check_stat(place))).await?;
        let found = places
            .into_iter()
            .zip(stats)
            .find(|(_, stat)| stat.is_some_and(|stat| stat.czxid.cast_unsigned() == token));
        if let Some((place, _)) = found {
            return Ok(Some(place));
        }
    }
    Ok(None)
}
