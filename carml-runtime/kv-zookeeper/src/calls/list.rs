//! Pages of directories.

use std::collections::HashSet;

use carml_kv::{
    Consistency, Entry, Error, ErrorKind, Key, ListOptions, Page,
    client::Call,
    contract::{Answer, List},
};
use futures_util::future::BoxFuture;
use zookeeper_client::{Client, Error as ZkError};

use crate::{
    PROVIDER, Zookeeper,
    namespace::Namespace,
    nodes::{Node, children, node, nodes, revision},
    session::failure,
};

/// How many nodes are read at once.
const AT_ONCE: usize = 64;

/// A page is read again if the bucket changed meanwhile, so often.
const ATTEMPTS: usize = 3;

impl List for Zookeeper {
    fn list(&self, dir: Option<Key>, options: ListOptions) -> Answer<'_, Page> {
        Box::pin(async move {
            if options.limit == 0 {
                let why = "`limit` must be at least 1";
                return Err(
                    Error::new(ErrorKind::InvalidArgument, "list", why).with_backend(PROVIDER)
                );
            }
            let ensemble = self.ensemble();
            let namespace = &ensemble.namespace;
            let (root, options) = (namespace.dir(dir.as_ref()), &options);
            let root = &root;
            let call = Call::read("list");
            let read = self.run(&call, |session| async move {
                let client = &session.client;
                let read = page(client, namespace, root, options).await;
                read.map_err(failure)
            });
            read.await
        })
    }
}

async fn page(
    client: &Client,
    namespace: &Namespace,
    root: &str,
    options: &ListOptions,
) -> Result<Page, ZkError> {
    let clock = namespace.clock();
    let tick = async |sync: bool| {
        let synced = async {
            match sync {
                true => client.sync(&clock).await,
                false => Ok(()),
            }
        };
        let ((), clock) = futures_util::try_join!(synced, node(client, &clock))?;
        Ok::<_, ZkError>(clock.map_or(0, |clock| clock.stat.mzxid))
    };
    let mut before = tick(options.consistency == Consistency::Linearizable).await?;
    let mut attempt = 1;
    loop {
        let mut walk = Walk {
            client,
            namespace,
            after: options.after.as_ref().map(|after| namespace.native(after)),
            // One more than asked for: is there a next page?
            limit: options.limit.saturating_add(1),
            found: Vec::new(),
        };
        walk.below(root.to_owned()).await?;
        let after = tick(false).await?;
        // Nothing was written in between: the page is the state at that revision.
        if after != before && attempt < ATTEMPTS {
            (before, attempt) = (after, attempt + 1);
            continue;
        }
        let more = walk.found.len() > options.limit;
        walk.found.truncate(options.limit);
        let last = walk.found.last().map(|entry| entry.key.clone());
        return Ok(Page {
            next: last.filter(|_| more),
            entries: walk.found,
            revision: revision(before),
        });
    }
}

/// Reads keys in the order of their bytes, and no more than needed.
struct Walk<'a> {
    client: &'a Client,
    namespace: &'a Namespace,
    after: Option<String>,
    limit: usize,
    found: Vec<Entry>,
}

impl Walk<'_> {
    fn below(&mut self, dir: String) -> BoxFuture<'_, Result<(), ZkError>> {
        Box::pin(async move {
            let mut names = children(self.client, &dir).await?;
            names.retain(|path| *path != self.namespace.side());
            // A key comes before what is below it, but other keys may be in between: `a!` is before `a/b`.
            let mut items: Vec<String> = names.iter().map(|path| format!("{path}/")).collect();
            items.extend(names);
            items.sort();
            items.retain(|item| !self.is_before(item));
            let mut rest = items.as_slice();
            let mut parents = HashSet::new();
            while !rest.is_empty() && self.found.len() < self.limit {
                let window = (self.limit - self.found.len()).min(AT_ONCE).min(rest.len());
                let (part, others) = rest.split_at(window);
                rest = others;
                let keys = part.iter().filter(|item| !item.ends_with('/'));
                let read = nodes(self.client, keys.map(String::as_str)).await?;
                let mut read = read.into_iter();
                for item in part {
                    match item.strip_suffix('/') {
                        None => {
                            let node = read.next().flatten();
                            if node.as_ref().is_some_and(|node| node.stat.num_children > 0) {
                                parents.insert(item.clone());
                            }
                            self.add(item, node);
                        }
                        // The key of a directory may be on an earlier page.
                        Some(dir) if parents.contains(dir) || self.is_before(dir) => {
                            self.below(dir.to_owned()).await?;
                        }
                        Some(_) => {}
                    }
                    if self.found.len() >= self.limit {
                        return Ok(());
                    }
                }
            }
            Ok(())
        })
    }

    /// Whether all of it is on earlier pages.
    fn is_before(&self, item: &str) -> bool {
        let Some(after) = &self.after else {
            return false;
        };
        match item.ends_with('/') {
            true => item < after.as_str() && !after.starts_with(item),
            false => item <= after.as_str(),
        }
    }

    fn add(&mut self, path: &str, node: Option<Node>) {
        let Some(key) = self.namespace.key(path) else {
            return;
        };
        self.found.extend(node.and_then(|node| node.entry(key)));
    }
}
