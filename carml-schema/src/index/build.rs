//! From a schema to its places.

use std::collections::HashMap;

use serde_json::Value;

use super::{Annotations, Entry, SchemaIndex};
use crate::{
    Documents, Scalar,
    applicable::{
        Applicable, child, closure, is_required, item, items, keys, other, prefix_length,
    },
    graph::InstanceType,
};

/// More distinct places than any schema for people has; beyond them everything counts as secret.
const MAX_PLACES: usize = 20_000;

impl SchemaIndex {
    /// Works the places out; `all` fills defaults in also where the document does not ask for it.
    pub fn of(documents: &Documents, all: bool) -> Self {
        let mut build = Build {
            all,
            known: HashMap::new(),
            heads: HashMap::new(),
            entries: Vec::new(),
        };
        build.entry(&documents.top());
        let mut entries = build.entries;
        // Cycles: repeat until nothing changes.
        loop {
            let mut changed = false;
            for at in (0..entries.len()).rev() {
                let entry = &entries[at];
                let below = entry.keys.iter().map(|(_, at)| at).chain(&entry.others);
                let below = below.chain(&entry.tuple).chain(&entry.items);
                let all = below.fold(entry.own, |all, at| all.and(entries[*at].all));
                changed |= all != entry.all;
                entries[at].all = all;
            }
            if !changed {
                return Self(entries);
            }
        }
    }
}

impl Annotations {
    fn of(part: &Applicable<'_>) -> Self {
        let mut found = match part.node.scalar() {
            Some(Scalar::Endpoint) => Self::ENDPOINT,
            Some(Scalar::Pem) => Self::PEM,
            Some(Scalar::Base64) => Self::BASE64,
            Some(Scalar::Duration) if part.unconditional => Self::DURATION,
            Some(Scalar::ByteSize) if part.unconditional => Self::BYTE_SIZE,
            _ => Self::default(),
        };
        if part.node.is_secret() {
            found = found.and(Self::SECRET);
        }
        if part.node.middleware().is_some() {
            found = found.and(Self::MIDDLEWARE);
        }
        let is_integer = |value: &Value| value.is_i64() || value.is_u64();
        if part.node.types().contains(&InstanceType::Integer)
            || part.node.constants().any(is_integer)
        {
            found = found.and(Self::INTEGER);
        }
        found
    }
}

/// A set of schemas, by their addresses.
type Set = Vec<(usize, bool)>;

fn set(parts: &[Applicable<'_>]) -> Set {
    let each = parts.iter();
    let mut set: Set = each
        .map(|part| (part.node.key(), part.unconditional))
        .collect();
    set.sort_unstable();
    set.dedup();
    set
}

struct Build {
    all: bool,
    known: HashMap<Set, usize>,
    /// The same, before the schemas that they refer to are added: that takes long.
    heads: HashMap<Set, usize>,
    entries: Vec<Entry>,
}

impl Build {
    fn entry(&mut self, parts: &[Applicable<'_>]) -> usize {
        let set = set(parts);
        if let Some(at) = self.known.get(&set) {
            return *at;
        }
        let at = self.entries.len();
        self.known.insert(set, at);
        self.entries.push(Entry {
            own: match at {
                MAX_PLACES.. => Annotations::SECRET,
                _ => parts
                    .iter()
                    .map(Annotations::of)
                    .fold(Annotations::default(), Annotations::and),
            },
            is_text: parts
                .iter()
                .any(|part| part.unconditional && part.node.types() == [InstanceType::String]),
            ..Entry::default()
        });
        if at >= MAX_PLACES {
            return at;
        }
        for key in keys(parts) {
            let own = child(parts, key);
            if let Some(default) = self.default(parts, &own, key) {
                self.entries[at].defaults.push((key.to_owned(), default));
                self.entries[at].own = self.entries[at].own.and(Annotations::FILL);
            }
            let below = self.below(own);
            self.entries[at].keys.push((key.to_owned(), below));
        }
        self.entries[at].keys.sort();
        let others = other(parts);
        if !others.is_empty() {
            let below = self.below(others);
            self.entries[at].others = Some(below);
        }
        for n in 0..prefix_length(parts) {
            let below = self.below(item(parts, n));
            self.entries[at].tuple.push(below);
        }
        let items = items(parts);
        if !items.is_empty() {
            let below = self.below(items);
            self.entries[at].items = Some(below);
        }
        at
    }

    fn below(&mut self, own: Vec<Applicable<'_>>) -> usize {
        let head = set(&own);
        if let Some(at) = self.heads.get(&head) {
            return *at;
        }
        let at = self.entry(&closure(own));
        self.heads.insert(head, at);
        at
    }

    /// What is filled in for a key that is absent: a default that fits, of a key that is not
    /// required.
    fn default(
        &self,
        parts: &[Applicable<'_>],
        own: &[Applicable<'_>],
        key: &str,
    ) -> Option<Value> {
        if is_required(parts, key) {
            return None;
        }
        let default = own
            .iter()
            .filter(|part| part.unconditional && (self.all || part.node.fills_defaults()))
            .find_map(|part| part.node.default())?;
        closure(own.iter().cloned())
            .iter()
            .filter(|part| part.unconditional)
            .all(|part| part.node.accepts_kind(default))
            .then(|| default.clone())
    }
}
