//! Where keys are in ZooKeeper.

use carml_kv::{Error, ErrorKind, Key, client::Queue};

use crate::PROVIDER;

/// The data of a node that is only there to have children. Reads take it for absent.
pub(crate) const DIRECTORY: &[u8] = b"\0carml:directory\0";

/// How many nodes count the removals of keys.
pub(crate) const GUARDS: u8 = 16;

/// The bucket. Side nodes are under its child `~`, which [`Key`] does not accept as a first segment.
#[derive(Debug)]
pub(crate) struct Namespace {
    /// Begins with `/` and does not end with it; empty without a bucket.
    root: String,
}

impl Namespace {
    pub(crate) fn new(bucket: &str) -> Result<Namespace, Error> {
        let bucket = Key::parse(bucket).map_err(|e| {
            let why = format!("`bucket` is not a path of ZooKeeper: {}", e.message);
            Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER)
        })?;
        if bucket.as_str().split('/').next() == Some("zookeeper") {
            let why = "`bucket` must not be `zookeeper`, where the servers keep their own data";
            return Err(Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER));
        }
        Ok(Namespace {
            root: format!("/{bucket}"),
        })
    }

    /// Every node of the ensemble.
    pub(crate) fn without_bucket() -> Namespace {
        Namespace {
            root: String::new(),
        }
    }

    /// The node of the bucket.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    pub(crate) fn native(&self, key: &Key) -> String {
        format!("{}/{key}", self.root)
    }

    /// The node of a directory; `None` is the whole bucket.
    pub(crate) fn dir(&self, dir: Option<&Key>) -> String {
        dir.map_or_else(|| self.root.clone(), |dir| self.native(dir))
    }

    /// `None`: a side node, or one that another program made and that is not a valid key.
    pub(crate) fn key(&self, native: &str) -> Option<Key> {
        let key = native.strip_prefix(&self.root)?.strip_prefix('/')?;
        Key::parse(key).ok().filter(|parsed| parsed.as_str() == key)
    }

    /// The node of all side nodes.
    pub(crate) fn side(&self) -> String {
        format!("{}/~", self.root)
    }

    /// Every write changes this node: its revision is that of the last write.
    pub(crate) fn clock(&self) -> String {
        format!("{}/~/clock", self.root)
    }

    /// Every removal of a node changes the guard of its path. A version of a node that was read after
    /// its guard is that of the same node for as long as the guard is unchanged.
    pub(crate) fn guard(&self, shard: u8) -> String {
        format!("{}/~/guards/{shard}", self.root)
    }

    /// The guard of a path.
    pub(crate) fn shard(&self, native: &str) -> u8 {
        let hash = native.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, b| {
            (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        });
        (hash >> 32) as u8 % GUARDS
    }

    /// A node that is there as long as a lease.
    pub(crate) fn lease(&self, session: i64) -> String {
        format!("{}/~/leases/{session:016x}", self.root)
    }

    /// The places of a queue. Keys are one segment here: the queues of `a` and of `a/b` are apart.
    pub(crate) fn queue(&self, queue: Queue, key: &Key) -> String {
        let key = key.as_str().replace('%', "%25").replace('/', "%2f");
        format!("{}/~/{}/{key}", self.root, folder(queue))
    }

    /// The side nodes that every bucket has, parents first.
    pub(crate) fn fixtures(&self) -> Vec<String> {
        let side = self.side();
        let mut all = vec![side.clone()];
        let folders = [
            "guards",
            "leases",
            folder(Queue::Lock),
            folder(Queue::Election),
        ];
        all.extend(folders.iter().map(|name| format!("{side}/{name}")));
        all.extend((0..GUARDS).map(|shard| self.guard(shard)));
        all.push(self.clock());
        all
    }

    /// A node and the nodes above it, up to the bucket's own.
    pub(crate) fn with_ancestors<'a>(&self, native: &'a str) -> impl Iterator<Item = &'a str> {
        let root = self.root.len();
        std::iter::successors(Some(native), move |path| {
            parent(path).filter(|parent| parent.len() >= root)
        })
    }
}

fn folder(queue: Queue) -> &'static str {
    match queue {
        Queue::Lock => "locks",
        Queue::Election => "elections",
    }
}

/// The path that ZooKeeper has for a node: that of the topmost is `/`.
pub(crate) fn absolute(native: &str) -> &str {
    match native {
        "" => "/",
        native => native,
    }
}

/// The node above.
pub(crate) fn parent(native: &str) -> Option<&str> {
    let end = native.rfind('/')?;
    (end > 0).then(|| &native[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace() -> Namespace {
        Namespace::new("/app/ns/").unwrap()
    }

    #[test]
    fn keys_come_back_and_foreign_ones_do_not() {
        let key: Key = "a/~/b".parse().unwrap();
        assert_eq!(namespace().native(&key), "/app/ns/a/~/b");
        assert_eq!(namespace().key("/app/ns/a/~/b"), Some(key));
        for foreign in ["/other/a", "/app/ns", "/app/nsa", "/app/ns/~/clock"] {
            assert_eq!(namespace().key(foreign), None, "{foreign:?}");
        }
        for refused in ["/", "a//b", "zookeeper/config"] {
            assert!(Namespace::new(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn queues_of_nested_keys_are_apart() {
        let queue = |key: &str| namespace().queue(Queue::Lock, &key.parse().unwrap());
        assert_eq!(queue("a/b%"), "/app/ns/~/locks/a%2fb%25");
        assert_ne!(queue("a/b"), queue("a%2fb"));
    }

    #[test]
    fn the_ancestors_end_with_the_bucket() {
        let namespace = namespace();
        let all: Vec<&str> = namespace.with_ancestors("/app/ns/a/b").collect();
        assert_eq!(all, ["/app/ns/a/b", "/app/ns/a", "/app/ns"]);
        let top = Namespace::without_bucket();
        assert_eq!(top.native(&"a/b".parse().unwrap()), "/a/b");
        assert_eq!(top.with_ancestors("/a/b").last(), Some("/a"));
        assert!((0..100).any(|i| namespace.shard(&format!("/a/{i}")) > 7));
    }
}
