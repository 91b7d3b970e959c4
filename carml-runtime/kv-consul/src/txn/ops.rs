//! The operations of Consul's transactions.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use carml_kv::{Error, ErrorKind, client::Call};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Consul, PROVIDER, cluster::Request, pair::Pair};

/// Consul's limit.
const MAX_OPS: usize = 64;
/// Consul's limit of the request's text (`limits.txn_max_req_len`).
const MAX_BYTES: usize = 512 << 10;

/// What a transaction does, in order.
#[derive(Debug, Default)]
pub(crate) struct Ops(Vec<Value>);

impl Ops {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, op: Value) {
        self.0.push(Value::from_iter([("KV", op)]));
    }

    /// Fails if the key exists.
    pub(crate) fn check_absent(&mut self, key: &str) {
        self.push(json!({"Verb": "check-not-exists", "Key": key}));
    }

    /// Fails if the key has another index, or does not exist.
    pub(crate) fn check_index(&mut self, key: &str, index: u64) {
        self.push(json!({"Verb": "check-index", "Key": key, "Index": index}));
    }

    /// Fails if the key does not exist.
    pub(crate) fn get(&mut self, key: &str) {
        self.push(json!({"Verb": "get", "Key": key}));
    }

    pub(crate) fn get_tree(&mut self, prefix: &str) {
        self.push(json!({"Verb": "get-tree", "Key": prefix}));
    }

    pub(crate) fn delete(&mut self, key: &str) {
        self.push(json!({"Verb": "delete", "Key": key}));
    }

    pub(crate) fn delete_tree(&mut self, prefix: &str) {
        self.push(json!({"Verb": "delete-tree", "Key": prefix}));
    }

    /// Writes; the end of the session removes the key. Fails if another session holds it.
    pub(crate) fn put(&mut self, key: &str, value: &[u8], session: Option<&str>) {
        let value = BASE64_STANDARD.encode(value);
        self.push(match session {
            Some(session) => {
                json!({"Verb": "lock", "Key": key, "Value": value, "Session": session})
            }
            None => json!({"Verb": "set", "Key": key, "Value": value}),
        });
    }
}

/// Why a transaction was not applied.
#[derive(Debug, Deserialize)]
pub(crate) struct Denied {
    #[serde(rename = "OpIndex")]
    pub(crate) op: usize,
    #[serde(rename = "What")]
    pub(crate) why: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TxnAnswer {
    results: Option<Vec<TxnResult>>,
    errors: Option<Vec<Denied>>,
}

#[derive(Deserialize)]
struct TxnResult {
    #[serde(rename = "KV")]
    pair: Pair,
}

impl Consul {
    /// Sends a transaction: what its operations found or wrote, or why each of them failed.
    pub(crate) async fn send(
        &self,
        call: &Call<'_>,
        ops: &Ops,
    ) -> Result<Result<Vec<Pair>, Vec<Denied>>, Error> {
        let refuse =
            |kind, why: String| call.about(Error::new(kind, call.op(), why).with_backend(PROVIDER));
        if ops.len() > MAX_OPS {
            let why = format!(
                "{} operations, and Consul's limit is {MAX_OPS} in a transaction: two for each change, \
                 one for each condition",
                ops.len()
            );
            return Err(refuse(ErrorKind::InvalidArgument, why));
        }
        let body = Bytes::from(serde_json::to_vec(&ops.0).unwrap_or_default());
        if body.len() > MAX_BYTES {
            let why = format!(
                "the request has {} bytes in base64, and Consul's limit is {MAX_BYTES} in a transaction",
                body.len()
            );
            return Err(refuse(ErrorKind::TooLarge, why));
        }
        let request = Request::put("/v1/txn?consistent".to_owned(), body);
        let answer = self.shared.cluster.call(call, &request).await?;
        let done: TxnAnswer = answer.json(call.op()).map_err(|e| call.about(e))?;
        let errors = done.errors.unwrap_or_default();
        if errors.is_empty() {
            let results = done.results.unwrap_or_default().into_iter();
            return Ok(Ok(results.map(|result| result.pair).collect()));
        }
        match errors
            .iter()
            .find(|denied| denied.why.contains("Permission denied"))
        {
            Some(_) => {
                let why = "permission denied: the token needs `write` for the key prefix";
                Err(refuse(ErrorKind::PermissionDenied, why.to_owned()))
            }
            None => Ok(Err(errors)),
        }
    }

    /// Whether a value is too large for a transaction of one put.
    pub(crate) fn is_large(value: &[u8]) -> bool {
        // For the rest of the request: keys are at most 1,024 bytes, six each when escaped.
        const REST: usize = 16 << 10;
        value.len().div_ceil(3) * 4 + REST > MAX_BYTES
    }
}
