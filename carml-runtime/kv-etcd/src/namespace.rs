//! Where keys are in etcd.

use carml_kv::{Entry, Error, ErrorKind, Key, LeaseId, client::Queue};
use etcd_client::proto::PbKeyValue;

use crate::{
    PROVIDER,
    scan::{Range, Scope},
    txn::revision,
};

/// The bucket. Side keys are under its segment `~`, which [`Key`] does not accept.
pub(crate) struct Namespace {
    /// Ends with `/`, or is empty.
    prefix: String,
}

impl Namespace {
    pub(crate) fn new(bucket: &str) -> Result<Namespace, Error> {
        let bucket = bucket.trim_end_matches('/');
        if bucket.is_empty() {
            let why = "`bucket` must name a prefix";
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

    pub(crate) fn native(&self, key: &Key) -> Vec<u8> {
        format!("{}{key}", self.prefix).into_bytes()
    }

    pub(crate) fn one(&self, key: &Key) -> Scope {
        Scope::of(Range::key(self.native(key)))
    }

    /// The strict prefix of a directory.
    pub(crate) fn below(&self, dir: &Key) -> Range {
        Range::prefix(format!("{}{dir}/", self.prefix))
    }

    /// A directory, or everything but the side keys.
    pub(crate) fn dir(&self, dir: Option<&Key>) -> Scope {
        match dir {
            Some(dir) => Scope::of(self.below(dir)),
            None => {
                let side = Range::prefix(format!("{}~/", self.prefix));
                Scope::of(self.all_range()).without(side)
            }
        }
    }

    pub(crate) fn all(&self) -> Scope {
        Scope::of(self.all_range())
    }

    fn all_range(&self) -> Range {
        Range::prefix(self.prefix.clone())
    }

    /// Every place in the queues of a key. No key has two slashes in a row: the queues of `a` and of
    /// `a/b` are apart.
    pub(crate) fn queues(&self, key: &Key) -> Range {
        Range::prefix(format!("{}~/queues/{key}//", self.prefix))
    }

    pub(crate) fn queue(&self, queue: Queue, key: &Key) -> Range {
        Range::prefix(format!("{}~/queues/{key}//{}/", self.prefix, queue.op()))
    }

    /// `None`: a side key, or one that another program wrote and that is not a valid key.
    pub(crate) fn key(&self, native: &[u8]) -> Option<Key> {
        let text = std::str::from_utf8(native).ok()?;
        let key = text.strip_prefix(&self.prefix)?;
        Key::parse(key).ok().filter(|parsed| parsed.as_str() == key)
    }

    /// As [`key`](Self::key).
    pub(crate) fn entry(&self, kv: PbKeyValue) -> Option<Entry> {
        Some(Entry {
            key: self.key(&kv.key)?,
            revision: revision(kv.mod_revision),
            lease: (kv.lease != 0).then(|| LeaseId(kv.lease.cast_unsigned())),
            value: kv.value.into(),
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
        assert_eq!(namespace().native(&key), b"ns/a/~/b");
        assert_eq!(namespace().key(b"ns/a/~/b"), Some(key));
        for foreign in [
            &b"other/a"[..],
            b"ns/",
            b"ns/a//b",
            b"ns/a/",
            b"ns/~/a",
            b"ns/\xff",
        ] {
            assert_eq!(namespace().key(foreign), None, "{foreign:?}");
        }
        assert!(Namespace::new("/").is_err());
        assert_eq!(Namespace::root().native(&"a/b".parse().unwrap()), b"a/b");
        assert!(Namespace::root().dir(None).contains(b"\x01"));
        assert!(Namespace::root().dir(None).contains(b"a/b"));
    }

    #[test]
    fn a_directory_has_no_siblings_and_the_whole_no_side_keys() {
        let dir: Key = "foo".parse().unwrap();
        let below = namespace().dir(Some(&dir));
        assert!(below.contains(b"ns/foo/a"));
        for outside in [&b"ns/foo"[..], b"ns/foo!", b"ns/foo0", b"ns/foobar"] {
            assert!(!below.contains(outside), "{outside:?}");
        }
        let whole = namespace().dir(None);
        assert!(
            whole.contains(b"ns/a") && whole.contains(b"ns/~a") && whole.contains(b"ns/\xc3\xa9")
        );
        assert!(!whole.contains(b"ns/~/queues/a//lock/1") && !whole.contains(b"ns0"));
    }

    #[test]
    fn queues_of_nested_keys_are_apart() {
        let (outer, inner): (Key, Key) = ("a".parse().unwrap(), "a/b".parse().unwrap());
        let place = namespace().queue(Queue::Lock, &inner).key;
        assert!(!namespace().queues(&outer).contains(&place));
        assert!(namespace().queues(&inner).contains(&place));
    }
}
