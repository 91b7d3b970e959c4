//! Reads of ranges: in pieces that fit into a message, all at one revision.

use carml_kv::{Error, client::Call};
use etcd_client::{GetOptions, ResponseHeader, proto::PbKeyValue};
use tokio::time::Instant;

use crate::{
    Etcd,
    cluster::{MAX_MESSAGE, is_not_at_revision, is_too_large},
};

/// The first piece. Values may be large: a piece over [`MAX_MESSAGE`] is asked for again, smaller.
const PIECE: usize = 512;

/// `[key, end)`; without an end, one key.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) key: Vec<u8>,
    pub(crate) end: Vec<u8>,
}

impl Range {
    pub(crate) fn key(key: Vec<u8>) -> Range {
        Range {
            key,
            end: Vec::new(),
        }
    }

    /// All keys with a prefix that ends with `/`; with an empty one, all that a [`Key`] can name.
    ///
    /// [`Key`]: carml_kv::Key
    pub(crate) fn prefix(prefix: String) -> Range {
        let key = match prefix.is_empty() {
            true => vec![0],
            false => prefix.into_bytes(),
        };
        let mut end = key.clone();
        match &mut end[..] {
            // UTF-8 has no such byte.
            [0] => end = vec![u8::MAX],
            [.., last] => *last += 1,
            [] => {}
        }
        Range { key, end }
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        match self.end.is_empty() {
            true => key == self.key,
            false => self.key.as_slice() <= key && key < self.end.as_slice(),
        }
    }

    pub(crate) fn get(&self, options: GetOptions) -> (Vec<u8>, GetOptions) {
        let options = match self.end.is_empty() {
            true => options,
            false => options.with_range(self.end.clone()),
        };
        (self.key.clone(), options)
    }

    /// What of it is greater than `key`.
    fn after(&self, key: &[u8]) -> Range {
        let mut next = key.to_vec();
        next.push(0);
        Range {
            key: self.key.clone().max(next),
            end: self.end.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        !self.end.is_empty() && self.key >= self.end
    }
}

/// A range, perhaps with a part of it left out.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    range: Range,
    hidden: Option<Range>,
}

impl Scope {
    pub(crate) fn of(range: Range) -> Scope {
        Scope {
            range,
            hidden: None,
        }
    }

    pub(crate) fn without(mut self, hidden: Range) -> Scope {
        self.hidden = Some(hidden);
        self
    }

    /// The range to watch: it includes what is left out.
    pub(crate) fn range(&self) -> &Range {
        &self.range
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.range.contains(key) && !self.hidden.as_ref().is_some_and(|h| h.contains(key))
    }

    /// Only what is greater than `key`.
    pub(crate) fn after(mut self, key: &[u8]) -> Scope {
        self.range = self.range.after(key);
        self
    }

    /// The ranges to read, in the order of their keys.
    fn parts(&self) -> Vec<Range> {
        let Some(hidden) = &self.hidden else {
            return vec![self.range.clone()];
        };
        let before = Range {
            key: self.range.key.clone(),
            end: hidden.key.clone(),
        };
        let behind = Range {
            key: hidden.end.clone().max(self.range.key.clone()),
            end: self.range.end.clone(),
        };
        [before, behind]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect()
    }
}

impl Etcd {
    /// Reads at most `limit` keys of a scope, all at the returned revision.
    pub(crate) async fn scan(
        &self,
        call: &Call<'_>,
        scope: &Scope,
        limit: Option<usize>,
        stale: bool,
    ) -> Result<(Vec<PbKeyValue>, i64), Error> {
        let limit = limit.unwrap_or(usize::MAX);
        let deadline = Instant::now() + self.shared.cluster.timeout();
        loop {
            match self.scan_once(call, scope, limit, stale).await {
                // Compacted between two pieces, or asked of a server that is behind: from the start.
                Err(e) if is_not_at_revision(&e) && Instant::now() < deadline => {}
                done => return done,
            }
        }
    }

    async fn scan_once(
        &self,
        call: &Call<'_>,
        scope: &Scope,
        limit: usize,
        stale: bool,
    ) -> Result<(Vec<PbKeyValue>, i64), Error> {
        let (mut found, mut revision, mut piece) = (Vec::new(), 0, PIECE);
        let mut parts = scope.parts().into_iter();
        let mut part = parts.next();
        while let Some(range) = part.take() {
            let most = piece.min(limit - found.len());
            let mut options = GetOptions::new()
                .with_limit(i64::try_from(most).unwrap_or(i64::MAX))
                .with_revision(revision);
            if stale {
                options = options.with_serializable();
            }
            let (key, options) = range.get(options);
            let read = self.shared.cluster.call(call, |client| {
                let (key, options) = (key.clone(), options.clone());
                async move {
                    let mut kv = client.kv_client().max_decoding_message_size(MAX_MESSAGE);
                    kv.get(key, Some(options)).await
                }
            });
            let mut read = match read.await {
                Err(e) if is_too_large(&e) && most > 1 => {
                    piece = most / 4 + 1;
                    part = Some(range);
                    continue;
                }
                read => read?,
            };
            if revision == 0 {
                revision = read.header().map_or(0, ResponseHeader::revision);
            }
            let (more, kvs) = (read.more(), std::mem::take(&mut read.0.kvs));
            let last = kvs.last().map(|kv| kv.key.clone());
            found.extend(kvs);
            if found.len() >= limit {
                break;
            }
            part = match last {
                Some(last) if more => Some(range.after(&last)),
                _ => parts.next(),
            };
        }
        Ok((found, revision))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(scope: &Scope) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let parts = scope.parts().into_iter();
        parts.map(|r| (text(&r.key), text(&r.end))).collect()
    }

    #[test]
    fn a_hidden_part_is_not_read() {
        let whole =
            Scope::of(Range::prefix("ns/".to_owned())).without(Range::prefix("ns/~/".to_owned()));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(parts(&whole), [pair("ns/", "ns/~/"), pair("ns/~0", "ns0")]);
        assert_eq!(
            parts(&whole.clone().after(b"ns/k")),
            [pair("ns/k\0", "ns/~/"), pair("ns/~0", "ns0")]
        );
        assert_eq!(
            parts(&whole.clone().after(b"ns/~k")),
            [pair("ns/~k\0", "ns0")]
        );
        assert_eq!(parts(&whole.after(b"ns/~/x")), [pair("ns/~0", "ns0")]);
    }
}
