//! Unary calls.

use bytes::Bytes;
use carml_runtime::kv::{
    Applied, Committed, Consistency, Entry, Error, ErrorKind, Key, LeaseId, ListOptions, Page,
    Revision, Txn, contract::*,
};
use tonic::{ConnectError, Response, Status};

use super::KvClient;
use crate::{api, convert, page_token};

/// The response of the store. An error names the call, and the reason of the system if no server
/// answered.
pub(super) fn answer<T>(op: &'static str, answer: Result<Response<T>, Status>) -> Result<T, Error> {
    answer.map(Response::into_inner).map_err(|status| {
        let causes: Vec<_> = causes(&status).collect();
        let unsent = causes.iter().any(|cause| cause.is::<ConnectError>());
        let reason = causes.last().map(ToString::to_string);
        let mut error = Error::from(status).with_backend("carml");
        error.op = op;
        if unsent {
            (error.kind, error.applied) = (ErrorKind::Unavailable, Applied::No);
        }
        if let Some(reason) = reason {
            error.message = format!("{}: {reason}", error.message);
        }
        error
    })
}

type Cause = dyn std::error::Error + 'static;

fn causes(status: &Status) -> impl Iterator<Item = &Cause> {
    let first = std::error::Error::source(status);
    std::iter::successors(first, |cause| cause.source())
}

impl Put for KvClient {
    fn put(&self, key: Key, value: Bytes, lease: Option<LeaseId>) -> Answer<'_, Revision> {
        let request = api::PutRequest {
            key: key.to_string(),
            value: value.into(),
            lease: lease.map_or(0, |lease| lease.0),
        };
        let mut client = self.client.clone();
        Box::pin(async move { Ok(Revision(answer("put", client.put(request).await)?.revision)) })
    }
}

impl Get for KvClient {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> Answer<'a, Option<Entry>> {
        let request = api::GetRequest {
            key: key.to_string(),
            consistency: convert::to_consistency(consistency).into(),
        };
        let mut client = self.client.clone();
        Box::pin(async move {
            let entry = answer("get", client.get(request).await)?.entry;
            entry.map(convert::to_entry).transpose()
        })
    }
}

impl Delete for KvClient {
    fn delete(&self, key: Key) -> Answer<'_, bool> {
        let key = key.to_string();
        let mut client = self.client.clone();
        Box::pin(async move {
            let request = api::DeleteRequest { key };
            Ok(answer("delete", client.delete(request).await)?.existed)
        })
    }
}

impl Exists for KvClient {
    fn exists<'a>(&'a self, key: &'a Key, consistency: Consistency) -> Answer<'a, bool> {
        let request = api::ExistsRequest {
            key: key.to_string(),
            consistency: convert::to_consistency(consistency).into(),
        };
        let mut client = self.client.clone();
        Box::pin(async move { Ok(answer("exists", client.exists(request).await)?.exists) })
    }
}

impl List for KvClient {
    fn list(&self, dir: Option<Key>, options: ListOptions) -> Answer<'_, Page> {
        let request = api::ListRequest {
            directory: dir.as_ref().map_or_else(String::new, Key::to_string),
            page_size: options.limit.try_into().unwrap_or(u32::MAX),
            page_token: options
                .after
                .map_or_else(String::new, |key| page_token::token(dir.as_ref(), &key)),
            consistency: convert::to_consistency(options.consistency).into(),
            keys_only: false,
        };
        let mut client = self.client.clone();
        Box::pin(async move {
            if request.page_size == 0 {
                let why = "`limit` must be at least 1";
                return Err(Error::new(ErrorKind::InvalidArgument, "list", why));
            }
            let page = answer("list", client.list(request).await)?;
            let entries: Vec<Entry> = page
                .entries
                .into_iter()
                .map(convert::to_entry)
                .collect::<Result<_, _>>()?;
            Ok(Page {
                revision: Revision(page.revision),
                entries,
                next: page_token::after(dir.as_ref(), &page.next_page_token)?,
            })
        })
    }
}

impl DeleteTree for KvClient {
    fn delete_tree(&self, dir: Key) -> Answer<'_, u64> {
        let directory = dir.to_string();
        let mut client = self.client.clone();
        Box::pin(async move {
            let request = api::DeleteTreeRequest { directory };
            Ok(answer("delete_tree", client.delete_tree(request).await)?.removed)
        })
    }
}

impl AtomicPut for KvClient {
    fn atomic_put(
        &self,
        key: Key,
        value: Bytes,
        expected: Option<Revision>,
        lease: Option<LeaseId>,
    ) -> Answer<'_, Revision> {
        let request = api::AtomicPutRequest {
            key: key.to_string(),
            value: value.into(),
            expected_revision: expected.map(|revision| revision.0),
            lease: lease.map_or(0, |lease| lease.0),
        };
        let mut client = self.client.clone();
        Box::pin(async move {
            let put = answer("atomic_put", client.atomic_put(request).await)?;
            Ok(Revision(put.revision))
        })
    }
}

impl AtomicDelete for KvClient {
    fn atomic_delete(&self, key: Key, expected: Revision) -> Answer<'_, ()> {
        let request = api::AtomicDeleteRequest {
            key: key.to_string(),
            expected_revision: expected.0,
        };
        let mut client = self.client.clone();
        Box::pin(
            async move { answer("atomic_delete", client.atomic_delete(request).await).map(drop) },
        )
    }
}

impl Transaction for KvClient {
    fn commit(&self, txn: Txn) -> Answer<'_, Committed> {
        Box::pin(async move {
            self.released.check("carml", "transaction", &txn)?;
            let done = self.client.clone().commit(convert::txn(txn)).await;
            let done = answer("transaction", done)?;
            Ok(Committed {
                revision: Revision(done.revision),
                counts: done.counts,
            })
        })
    }
}
