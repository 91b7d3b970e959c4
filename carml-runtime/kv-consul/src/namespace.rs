//! Where keys are in Consul.

use carml_kv::{Entry, Error, ErrorKind, Key, Revision, client::Queue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{PROVIDER, pair::Pair};

/// What is written as it is in a path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The bucket. Side keys are under its segment `~`, which [`Key`] does not accept.
pub(crate) struct Namespace {
    /// Ends with `/`, or is empty.
    prefix: String,
}

/// Which keys are read or followed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    One(String),
    /// All keys with a prefix that ends with `/`, but those with the hidden prefix.
    Below {
        prefix: String,
        hidden: Option<String>,
    },
}

impl Scope {
    /// The path of a request that reads it, up to its first parameter.
    pub(crate) fn path(&self) -> String {
        match self {
            Scope::One(native) => format!("{}?", path(native)),
            Scope::Below { prefix, .. } => format!("{}?recurse&", path(prefix)),
        }
    }

    pub(crate) fn contains(&self, native: &str) -> bool {
        match self {
            Scope::One(one) => native == one,
            Scope::Below { prefix, hidden } => {
                let hidden = hidden.as_ref();
                native.starts_with(prefix) && !hidden.is_some_and(|h| native.starts_with(h))
            }
        }
    }
}

/// The path of a key or a prefix.
pub(crate) fn path(native: &str) -> String {
    format!("/v1/kv/{}", utf8_percent_encode(native, ENCODED))
}

impl Namespace {
    pub(crate) fn new(bucket: &str) -> Result<Namespace, Error> {
        let bucket = bucket.trim_end_matches('/');
        let mut segments = bucket.split('/');
        // Consul would read and write another key.
        if segments.any(|segment| matches!(segment, "" | "." | "..")) {
            let why = "`bucket` must name a prefix, without empty segments, `.` and `..`";
            return Err(Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER));
        }
        Ok(Namespace {
            prefix: format!("{bucket}/"),
        })
    }

    /// Every key of the cluster.
    pub(crate) fn root() -> Namespace {
        Namespace {
            prefix: String::new(),
        }
    }

    pub(crate) fn native(&self, key: &Key) -> String {
        format!("{}{key}", self.prefix)
    }

    pub(crate) fn one(&self, key: &Key) -> Scope {
        Scope::One(self.native(key))
    }

    /// The strict prefix of a directory.
    pub(crate) fn below(&self, dir: &Key) -> String {
        format!("{}{dir}/", self.prefix)
    }

    /// A directory, or everything but the side keys.
    pub(crate) fn dir(&self, dir: Option<&Key>) -> Scope {
        match dir {
            Some(dir) => Scope::Below {
                prefix: self.below(dir),
                hidden: None,
            },
            None => Scope::Below {
                prefix: self.prefix.clone(),
                hidden: Some(format!("{}~/", self.prefix)),
            },
        }
    }

    /// The key that holds a lock or an election.
    pub(crate) fn place(&self, queue: Queue, key: &Key) -> String {
        format!("{}~/{}/{key}", self.prefix, queue.op())
    }

    /// A key whose revision is that of a transaction without writes.
    pub(crate) fn marker(&self) -> String {
        format!("{}~/marker", self.prefix)
    }

    /// A key that never exists: the answer to it has the current revision.
    pub(crate) fn nothing(&self) -> String {
        format!("{}~/nothing", self.prefix)
    }

    /// `None`: a side key, or one that another program wrote and that is not a valid key.
    pub(crate) fn key(&self, native: &str) -> Option<Key> {
        let key = native.strip_prefix(&self.prefix)?;
        Key::parse(key).ok().filter(|parsed| parsed.as_str() == key)
    }

    /// As [`key`](Self::key).
    pub(crate) fn entry(&self, pair: &Pair) -> Option<Entry> {
        Some(Entry {
            key: self.key(&pair.key)?,
            revision: Revision(pair.modified),
            lease: pair.lease(),
            value: pair.value.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace() -> Namespace {
        Namespace::new("ns/").unwrap()
    }

    #[test]
    fn keys_come_back_and_foreign_ones_do_not() {
        let key: Key = "a/~/b".parse().unwrap();
        assert_eq!(namespace().native(&key), "ns/a/~/b");
        assert_eq!(namespace().key("ns/a/~/b"), Some(key));
        for foreign in ["other/a", "ns/", "ns/a//b", "ns/a/", "ns/~/a"] {
            assert_eq!(namespace().key(foreign), None, "{foreign:?}");
        }
        for bucket in ["/", "", "/a", "a//b", "a/../b", "."] {
            assert!(Namespace::new(bucket).is_err(), "{bucket}");
        }
    }

    #[test]
    fn a_key_is_encoded_once() {
        assert_eq!(
            path("ns/sp ace/%2f/ü?"),
            "/v1/kv/ns/sp%20ace/%252f/%C3%BC%3F"
        );
    }

    #[test]
    fn a_directory_has_no_siblings_and_the_whole_no_side_keys() {
        let dir: Key = "foo".parse().unwrap();
        let below = namespace().dir(Some(&dir));
        assert!(below.contains("ns/foo/a"));
        for outside in ["ns/foo", "ns/foo!", "ns/foo0", "ns/foobar"] {
            assert!(!below.contains(outside), "{outside:?}");
        }
        let whole = namespace().dir(None);
        assert!(
            whole.contains("ns/a") && whole.contains("ns/~a") && !whole.contains("ns/~/lock/a")
        );
        assert_eq!(whole.path(), "/v1/kv/ns/?recurse&");
    }
}
