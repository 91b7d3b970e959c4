//! Transactions, and what their answers mean.

use carml_kv::{
    Committed, Condition, Error, ErrorKind, LeaseId, Op, Revision, Txn,
    client::{conflict, misunderstood, not_held},
};
use etcd_client::{
    Compare, CompareOp, DeleteOptions, GetOptions, PutOptions, TxnOp,
    proto::{PbKeyValue, PbTxnOpResponse, PbTxnResponse},
};

use crate::{PROVIDER, namespace::Namespace};

/// etcd's limit (`--max-txn-ops`) of operations, and of conditions.
pub(crate) const MAX_OPS: usize = 128;

pub(crate) fn revision(native: i64) -> Revision {
    Revision(native.cast_unsigned())
}

/// A revision that etcd compares with; -1 is that of no key, while 0 is that of a missing one.
fn native(revision: Revision) -> i64 {
    match revision.0 {
        0 => -1,
        revision => i64::try_from(revision).unwrap_or(-1),
    }
}

/// A lease that etcd knows or does not; 0 would mean none.
pub(crate) fn native_lease(op: &'static str, lease: LeaseId) -> Result<i64, Error> {
    match i64::try_from(lease.0) {
        Ok(id) if id > 0 => Ok(id),
        _ => Err(
            Error::new(ErrorKind::LeaseLost, op, "etcd never granted this lease")
                .with_backend(PROVIDER),
        ),
    }
}

pub(crate) fn put_options(op: &'static str, lease: Option<LeaseId>) -> Result<PutOptions, Error> {
    match lease {
        Some(lease) => Ok(PutOptions::new().with_lease(native_lease(op, lease)?)),
        None => Ok(PutOptions::new()),
    }
}

/// Checks a transaction against etcd's limit and translates it.
///
/// Each required lock is a transaction around the rest: it succeeds if no place in the queues of the
/// key has the token. The rest is in its failure branch.
pub(crate) fn request(
    op: &'static str,
    namespace: &Namespace,
    txn: &Txn,
) -> Result<etcd_client::Txn, Error> {
    let refuse =
        |why: String| Error::new(ErrorKind::InvalidArgument, op, why).with_backend(PROVIDER);
    let held = txn
        .conditions
        .iter()
        .filter(|c| matches!(c, Condition::Held(..)));
    let held = held.count();
    // etcd subtracts what surrounds a transaction from what may be inside.
    let (ops, conditions) = (txn.ops.len(), txn.conditions.len() - held);
    if ops.max(conditions) + held > MAX_OPS {
        return Err(refuse(format!(
            "{ops} changes, {conditions} conditions and {held} required locks: etcd allows {MAX_OPS} \
             of each, less one for each required lock"
        )));
    }
    let mut compares = Vec::with_capacity(conditions);
    let mut present = Vec::with_capacity(conditions);
    for condition in &txn.conditions {
        if let Condition::Revision(key, expected) = condition {
            let key = namespace.native(key);
            let expected = expected.map_or(0, native);
            present.push(TxnOp::get(
                key.clone(),
                Some(GetOptions::new().with_keys_only()),
            ));
            compares.push(Compare::mod_revision(key, CompareOp::Equal, expected));
        }
    }
    let mut changes = Vec::with_capacity(ops);
    for change in &txn.ops {
        changes.push(match change {
            Op::Put(key, value, lease) => {
                let options = put_options(op, *lease)?;
                TxnOp::put(namespace.native(key), value.clone(), Some(options))
            }
            Op::Delete(key) => TxnOp::delete(namespace.native(key), None),
            Op::DeleteTree(dir) => {
                let range = namespace.below(dir);
                let options = DeleteOptions::new().with_range(range.end);
                TxnOp::delete(range.key, Some(options))
            }
        });
    }
    let rest = etcd_client::Txn::new()
        .when(compares)
        .and_then(changes)
        .or_else(present);
    let around = |inner, condition: &Condition| match condition {
        Condition::Revision(..) => inner,
        Condition::Held(key, token) => {
            let queues = namespace.queues(key);
            let token = i64::try_from(*token).unwrap_or(-1);
            let lost = Compare::create_revision(queues.key, CompareOp::NotEqual, token)
                .with_range(queues.end);
            etcd_client::Txn::new()
                .when([lost])
                .or_else([TxnOp::txn(inner)])
        }
    };
    Ok(txn.conditions.iter().rev().fold(rest, around))
}

/// What the answer to [`request`] means.
pub(crate) fn committed(
    op: &'static str,
    txn: &Txn,
    answer: PbTxnResponse,
) -> Result<Committed, Error> {
    let now = answer.header.as_ref().map_or(0, |header| header.revision);
    let mut answer = answer;
    for condition in &txn.conditions {
        if let Condition::Held(key, token) = condition {
            if answer.succeeded {
                return Err(not_held(PROVIDER, op, key, *token));
            }
            answer = match responses(answer).next() {
                Some(PbTxnOpResponse::ResponseTxn(inner)) => inner,
                _ => return Err(misunderstood(PROVIDER, op)),
            };
        }
    }
    if answer.succeeded {
        let counts = responses(answer).map(|response| match response {
            PbTxnOpResponse::ResponseDeleteRange(deleted) => deleted.deleted.cast_unsigned(),
            _ => 1,
        });
        return Ok(Committed {
            revision: revision(now),
            counts: counts.collect(),
        });
    }
    let expected = txn
        .conditions
        .iter()
        .filter_map(|condition| match condition {
            Condition::Revision(key, expected) => Some((key, *expected)),
            Condition::Held(..) => None,
        });
    for ((key, expected), response) in expected.zip(responses(answer)) {
        let PbTxnOpResponse::ResponseRange(present) = response else {
            return Err(misunderstood(PROVIDER, op));
        };
        let present = present.kvs.first().map(|kv| revision(kv.mod_revision));
        if present != expected {
            return Err(conflict(PROVIDER, op, key, expected, present));
        }
    }
    Err(misunderstood(PROVIDER, op))
}

pub(crate) fn responses(answer: PbTxnResponse) -> impl Iterator<Item = PbTxnOpResponse> {
    let responses = answer.responses.into_iter();
    responses.filter_map(|response| response.response)
}

/// The first key that the first read of a transaction found.
pub(crate) fn first_read(answer: PbTxnResponse) -> Option<PbKeyValue> {
    responses(answer).find_map(|response| match response {
        PbTxnOpResponse::ResponseRange(mut found) => {
            (!found.kvs.is_empty()).then(|| found.kvs.swap_remove(0))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use carml_kv::Key;

    use super::*;

    fn key(i: usize) -> Key {
        Key::parse(&format!("k/{i}")).unwrap()
    }

    #[test]
    fn what_etcd_would_refuse_is_not_sent() {
        let namespace = Namespace::new("ns").unwrap();
        let fits = (0..MAX_OPS).fold(Txn::new(), |txn, i| txn.put(key(i), "v"));
        assert!(request("transaction", &namespace, &fits).is_ok());
        let mut fenced = fits.clone();
        fenced.conditions.push(Condition::Held(key(0), 7));
        let long = fits.put(key(MAX_OPS), "v");
        for over in [long, fenced] {
            let error = request("transaction", &namespace, &over).err().unwrap();
            assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
        }
    }

    #[test]
    fn no_revision_stands_for_a_missing_key() {
        assert_eq!(native(Revision(0)), -1);
        assert_eq!(native(Revision(u64::MAX)), -1);
        assert!(native_lease("put", LeaseId(0)).is_err());
        assert!(native_lease("put", LeaseId(u64::MAX - 1)).is_err());
    }
}
