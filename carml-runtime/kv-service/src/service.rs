//! The service.

use std::time::Duration;

use carml_runtime::{
    AppError, Context, Shutdown, carml_service,
    kv::{Entry, Error, ErrorKind, Key, Kv, LeaseId, ListOptions, Revision, WatchStream},
};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use tonic::Status;

use super::{
    api::{KeyValue, KeyValueServer, *},
    chunking, convert,
    holds::{HoldState, Holds},
};

/// The default and the maximum number of entries of a page.
const MAX_PAGE: usize = 1000;
/// The number of entries read at once for a page: with values of the maximum size, 16 MiB.
const READ_ENTRIES: usize = 32;

/// Serves a store to clients in any language. Its only state is until when its clients hold locks.
#[derive(Clone, Debug)]
pub struct Service {
    kv: Kv,
    shutdown: Shutdown,
    holds: Holds,
}

impl Service {
    /// Serves the store that the config names.
    ///
    /// # Errors
    ///
    /// [`AppError::StoreNotConfigured`] if the config names none.
    pub fn new<C>(context: &Context<C>) -> Result<Self, AppError> {
        let kv = context.kv()?.clone();
        Ok(Self {
            holds: Holds::new(&kv),
            kv,
            shutdown: context.shutdown().clone(),
        })
    }

    fn follow(
        &self,
        batches: WatchStream,
    ) -> impl Stream<Item = Result<WatchResponse, Status>> + Send + use<> {
        self.shutdown.end(batches.flat_map(|batch| {
            stream::iter(match batch {
                Ok(batch) => chunking::messages(batch).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error.into())],
            })
        }))
    }
}

#[carml_service(requires(put, get, delete, exists, list))]
impl KeyValue for Service {
    async fn put(&self, request: PutRequest) -> Result<PutResponse, Status> {
        let (key, lease) = (request.key.parse()?, convert::lease(request.lease));
        let Revision(revision) = self.kv.put(key, request.value, lease).await?;
        Ok(PutResponse { revision })
    }

    async fn get(&self, request: GetRequest) -> Result<GetResponse, Status> {
        let key = request.key.parse()?;
        let consistency = convert::consistency(request.consistency());
        let entry = self.kv.get_with(&key, consistency).await?;
        let entry = entry.map(convert::entry);
        Ok(GetResponse { entry })
    }

    async fn delete(&self, request: DeleteRequest) -> Result<DeleteResponse, Status> {
        let existed = self.kv.delete(request.key.parse()?).await?;
        Ok(DeleteResponse { existed })
    }

    async fn exists(&self, request: ExistsRequest) -> Result<ExistsResponse, Status> {
        let key = request.key.parse()?;
        let consistency = convert::consistency(request.consistency());
        let exists = self.kv.exists_with(&key, consistency).await?;
        Ok(ExistsResponse { exists })
    }

    async fn list(&self, request: ListRequest) -> Result<ListResponse, Status> {
        let directory = Key::parse_dir(&request.directory)?;
        let wanted = match request.page_size {
            0 => MAX_PAGE,
            size => MAX_PAGE.min(usize::try_from(size).unwrap_or(MAX_PAGE)),
        };
        let mut next = match request.page_token.as_str() {
            "" => None,
            token => Some(token.parse::<Key>()?),
        };
        let (mut entries, mut bytes) = (Vec::<Entry>::new(), 0);
        let (next_page_token, revision) = loop {
            let options = ListOptions {
                limit: READ_ENTRIES.min(wanted - entries.len()),
                after: next.take(),
                consistency: convert::consistency(request.consistency()),
            };
            let page = self.kv.list(directory.clone(), options).await?;
            let (more, Revision(revision)) = (page.next.is_some(), page.revision);
            let mut read = page.entries.into_iter().peekable();
            while bytes < chunking::CHUNK_BYTES
                && let Some(entry) = read.next()
            {
                bytes += chunking::size(&entry);
                entries.push(entry);
            }
            let last = entries.last().map(|entry| entry.key.clone());
            if read.peek().is_none() && !more {
                break (String::new(), revision);
            }
            if bytes >= chunking::CHUNK_BYTES || entries.len() == wanted {
                break (
                    last.map_or_else(String::new, |key| key.to_string()),
                    revision,
                );
            }
            next = last;
        };
        let entries = entries.into_iter().map(convert::entry).collect();
        Ok(ListResponse {
            entries,
            next_page_token,
            revision,
        })
    }

    async fn delete_tree(&self, request: DeleteTreeRequest) -> Result<DeleteTreeResponse, Status> {
        let removed = self.kv.delete_tree(request.directory.parse()?).await?;
        Ok(DeleteTreeResponse { removed })
    }

    async fn atomic_put(&self, request: AtomicPutRequest) -> Result<AtomicPutResponse, Status> {
        let (key, lease) = (request.key.parse()?, convert::lease(request.lease));
        let expected = request.expected_revision.map(Revision);
        let put = self.kv.atomic_put(key, request.value, expected, lease);
        let Revision(revision) = put.await?;
        Ok(AtomicPutResponse { revision })
    }

    async fn atomic_delete(
        &self,
        request: AtomicDeleteRequest,
    ) -> Result<AtomicDeleteResponse, Status> {
        let expected = Revision(request.expected_revision);
        let key = request.key.parse()?;
        self.kv.atomic_delete(key, expected).await?;
        Ok(AtomicDeleteResponse {})
    }

    async fn watch(
        &self,
        request: WatchRequest,
    ) -> Result<impl Stream<Item = Result<WatchResponse, Status>> + Send + use<>, Status> {
        let from = convert::watch_start(request.after_revision);
        let batches = self.kv.watch(request.key.parse()?, from).await?;
        Ok(self.follow(batches))
    }

    async fn watch_tree(
        &self,
        request: WatchTreeRequest,
    ) -> Result<impl Stream<Item = Result<WatchResponse, Status>> + Send + use<>, Status> {
        let from = convert::watch_start(request.after_revision);
        let directory = Key::parse_dir(&request.directory)?;
        let batches = self.kv.watch_tree(directory, from).await?;
        Ok(self.follow(batches))
    }

    async fn lock(
        &self,
        request: LockRequest,
    ) -> Result<impl Stream<Item = Result<LockResponse, Status>> + Send + use<>, Status> {
        let (kv, key, only_try) = (self.kv.clone(), request.key.parse()?, request.r#try);
        let waiting = async move {
            match only_try {
                true => kv.try_acquire(key).await,
                false => kv.acquire(key).await,
            }
        };
        let states = self.holds.states(self.kv.clone(), only_try, waiting);
        let states = states.map_ok(|state| LockResponse {
            state: Some(match state {
                HoldState::Held(held) => lock_response::State::Held(held),
                HoldState::Lost => lock_response::State::Lost(LockLost {}),
            }),
        });
        // Waiting is part of the stream, so that a drain ends it too.
        Ok(self.shutdown.end(states))
    }

    async fn campaign(
        &self,
        request: CampaignRequest,
    ) -> Result<impl Stream<Item = Result<CampaignResponse, Status>> + Send + use<>, Status> {
        let (kv, key) = (self.kv.clone(), request.key.parse()?);
        let waiting = async move { kv.campaign(key, request.value).await };
        let states = self.holds.states(self.kv.clone(), false, waiting);
        let states = states.map_ok(|state| CampaignResponse {
            state: Some(match state {
                HoldState::Held(held) => campaign_response::State::Leads(held),
                HoldState::Lost => campaign_response::State::Lost(LockLost {}),
            }),
        });
        Ok(self.shutdown.end(states))
    }

    async fn hold_keep_alive(
        &self,
        request: HoldKeepAliveRequest,
    ) -> Result<HoldKeepAliveResponse, Status> {
        let ttl_millis = millis(self.holds.renew(request.hold)?);
        Ok(HoldKeepAliveResponse { ttl_millis })
    }

    async fn release(&self, request: ReleaseRequest) -> Result<ReleaseResponse, Status> {
        self.holds.release(request.hold).await?;
        Ok(ReleaseResponse {})
    }

    async fn proclaim(&self, request: ProclaimRequest) -> Result<ProclaimResponse, Status> {
        let (key, token) = (request.key.parse()?, request.fencing_token);
        self.kv.proclaim(&key, token, request.value).await?;
        Ok(ProclaimResponse {})
    }

    async fn observe(
        &self,
        request: ObserveRequest,
    ) -> Result<impl Stream<Item = Result<ObserveResponse, Status>> + Send + use<>, Status> {
        let leaders = self.kv.observe(request.key.parse()?).await?;
        Ok(self
            .shutdown
            .end(leaders.map(|leader| -> Result<_, Status> {
                let leader = leader?.map(|leader| Leader {
                    fencing_token: leader.token,
                    value: leader.value.into(),
                });
                Ok(ObserveResponse { leader })
            })))
    }

    async fn commit(&self, request: CommitRequest) -> Result<CommitResponse, Status> {
        let done = self.kv.commit(convert::to_txn(request)?).await?;
        Ok(CommitResponse {
            revision: done.revision.0,
            counts: done.counts,
        })
    }

    async fn lease_grant(&self, request: LeaseGrantRequest) -> Result<LeaseGrantResponse, Status> {
        let ttl = Duration::from_millis(request.ttl_millis);
        let lease = self.kv.lease(ttl).await?;
        Ok(LeaseGrantResponse {
            ttl_millis: millis(lease.ttl()),
            // The client renews it, or lets it end.
            lease: lease.detach().0,
        })
    }

    async fn lease_keep_alive(
        &self,
        request: LeaseKeepAliveRequest,
    ) -> Result<LeaseKeepAliveResponse, Status> {
        let lease = lease("keep_alive", request.lease)?;
        let ttl_millis = millis(self.kv.keep_alive(lease).await?);
        Ok(LeaseKeepAliveResponse { ttl_millis })
    }

    async fn lease_revoke(
        &self,
        request: LeaseRevokeRequest,
    ) -> Result<LeaseRevokeResponse, Status> {
        let lease = lease("revoke", request.lease)?;
        self.kv.revoke(lease).await?;
        Ok(LeaseRevokeResponse {})
    }
}

fn lease(op: &'static str, id: u64) -> Result<LeaseId, Error> {
    let refuse = || Error::new(ErrorKind::InvalidArgument, op, "a lease must not be 0");
    convert::lease(id).ok_or_else(refuse)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
