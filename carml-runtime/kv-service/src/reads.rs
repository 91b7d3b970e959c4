//! Reads of several keys.

use bytes::Bytes;
use carml_runtime::kv::{Consistency, Entry, Error, ErrorKind, Key, Kv, ListOptions};
use futures_util::future::join_all;
use tonic::Status;

use crate::{
    api::{GetManyRequest, GetManyResponse, ListRequest, ListResponse},
    chunking, convert, page_token,
    subject::Subject,
};

/// The default and the maximum number of entries of a page.
const MAX_PAGE: usize = 1000;
/// The number of entries read at once: with values of the maximum size, 16 MiB.
const READ_ENTRIES: usize = 32;

/// A page of a directory.
pub(crate) async fn list(kv: &Kv, request: ListRequest) -> Result<ListResponse, Status> {
    let consistency = convert::consistency(request.consistency());
    let at = Subject::new(kv, "list").on(request.directory);
    let directory = at.directory()?;
    let wanted = match request.page_size {
        0 => MAX_PAGE,
        size => MAX_PAGE.min(usize::try_from(size).unwrap_or(MAX_PAGE)),
    };
    let mut after = at.of(page_token::after(directory.as_ref(), &request.page_token))?;
    let (mut entries, mut bytes) = (Vec::<Entry>::new(), 0);
    let (next, revision) = loop {
        let options = ListOptions {
            limit: READ_ENTRIES.min(wanted - entries.len()),
            after: after.take(),
            consistency,
        };
        let page = at.of(kv.list(directory.clone(), options).await)?;
        let (more, revision) = (page.next.is_some(), page.revision.0);
        let mut read = page.entries.into_iter().peekable();
        while bytes < chunking::CHUNK_BYTES
            && let Some(mut entry) = read.next()
        {
            if request.keys_only {
                entry.value = Bytes::new();
            }
            bytes += chunking::size(&entry);
            entries.push(entry);
        }
        let last = entries.last().map(|entry| entry.key.clone());
        if read.peek().is_none() && !more {
            break (None, revision);
        }
        if bytes >= chunking::CHUNK_BYTES || entries.len() == wanted {
            break (last, revision);
        }
        after = last;
    };
    let token = |next| page_token::token(directory.as_ref(), &next);
    Ok(ListResponse {
        entries: entries.into_iter().map(convert::entry).collect(),
        next_page_token: next.map_or_else(String::new, token),
        revision,
    })
}

/// The entries of some keys.
pub(crate) async fn many(kv: &Kv, request: GetManyRequest) -> Result<GetManyResponse, Status> {
    let at = Subject::new(kv, "get");
    let consistency = convert::consistency(request.consistency());
    if request.keys.len() > MAX_PAGE {
        let why = format!(
            "{} keys, and the limit is {MAX_PAGE} in a request",
            request.keys.len()
        );
        return Err(at.refuse(ErrorKind::InvalidArgument, why));
    }
    let keys = request.keys.into_iter();
    let keys = keys.map(|key| at.clone().on(key).key());
    let mut keys = keys.collect::<Result<Vec<Key>, Status>>()?.into_iter();
    let (mut response, mut bytes) = (GetManyResponse::default(), 0);
    while bytes < chunking::CHUNK_BYTES && keys.len() > 0 {
        let some: Vec<Key> = keys.by_ref().take(READ_ENTRIES).collect();
        let reads = some
            .into_iter()
            .map(|key| read(kv.clone(), key, consistency));
        for (key, found) in join_all(reads).await {
            if bytes >= chunking::CHUNK_BYTES {
                response.unread_keys.push(key.to_string());
            } else if let Some(entry) = at.of(found)? {
                bytes += chunking::size(&entry);
                response.entries.push(convert::entry(entry));
            }
        }
    }
    response.unread_keys.extend(keys.map(|key| key.to_string()));
    Ok(response)
}

async fn read(kv: Kv, key: Key, consistency: Consistency) -> (Key, Result<Option<Entry>, Error>) {
    let found = kv.get_with(&key, consistency).await;
    let found = found.map_err(|error| error.with_key(key.as_str()));
    (key, found)
}
