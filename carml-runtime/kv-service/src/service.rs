//! The service.

use std::time::Duration;

use carml_runtime::{
    AppError, Context, Shutdown, carml_service,
    kv::{ErrorKind, Kv, LeaseId, Revision, Txn, WatchStream},
};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use tonic::Status;

use super::{
    api::{KeyValue, *},
    capabilities, chunking, convert,
    holds::{Asked, HoldState, Holds},
    reads,
    server::{KeyValueServer, Named},
    subject::Subject,
};

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

    /// A stream of a call, which ends when the server drains.
    fn until_drain<T: Send, S: Stream<Item = Result<T, Status>> + Send>(
        &self,
        at: Subject,
        stream: S,
    ) -> impl Stream<Item = Result<T, Status>> + Send + use<T, S> {
        let stream = self.shutdown.end(stream);
        stream.map_err(move |status| at.drained(status))
    }

    fn follow(
        &self,
        at: Subject,
        batches: WatchStream,
    ) -> impl Stream<Item = Result<WatchResponse, Status>> + Send + use<> {
        let errors = at.clone();
        let messages = batches.pieces().flat_map(move |piece| {
            stream::iter(match piece {
                Ok(piece) => chunking::messages(piece).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(errors.status(error))],
            })
        });
        self.until_drain(at, messages)
    }
}

impl Named for Service {
    fn at(&self, call: &'static str) -> Subject {
        Subject::new(&self.kv, call)
    }
}

#[carml_service(requires(put, get, exists, list, transaction))]
impl KeyValue for Service {
    async fn put(&self, request: PutRequest) -> Result<PutResponse, Status> {
        let at = self.at("put").on(request.key);
        let (key, lease) = (at.key()?, convert::lease(request.lease));
        let Revision(revision) = at.of(self.kv.put(key, request.value, lease).await)?;
        Ok(PutResponse { revision })
    }

    async fn get(&self, request: GetRequest) -> Result<GetResponse, Status> {
        let consistency = convert::consistency(request.consistency());
        let at = self.at("get").on(request.key);
        let entry = at.of(self.kv.get_with(&at.key()?, consistency).await)?;
        let entry = entry.map(convert::entry);
        Ok(GetResponse { entry })
    }

    async fn get_many(&self, request: GetManyRequest) -> Result<GetManyResponse, Status> {
        reads::many(&self.kv, request).await
    }

    async fn delete(&self, request: DeleteRequest) -> Result<DeleteResponse, Status> {
        let at = self.at("delete").on(request.key);
        let txn = Txn::new().delete(at.key()?);
        let done = at.of(self.kv.commit(txn).await)?;
        Ok(DeleteResponse {
            existed: done.counts == [1],
            revision: done.revision.0,
        })
    }

    async fn exists(&self, request: ExistsRequest) -> Result<ExistsResponse, Status> {
        let consistency = convert::consistency(request.consistency());
        let at = self.at("exists").on(request.key);
        let exists = at.of(self.kv.exists_with(&at.key()?, consistency).await)?;
        Ok(ExistsResponse { exists })
    }

    async fn list(&self, request: ListRequest) -> Result<ListResponse, Status> {
        reads::list(&self.kv, request).await
    }

    async fn delete_tree(&self, request: DeleteTreeRequest) -> Result<DeleteTreeResponse, Status> {
        let at = self.at("delete_tree").on(request.directory);
        let txn = Txn::new().delete_tree(at.key()?);
        let done = at.of(self.kv.commit(txn).await)?;
        Ok(DeleteTreeResponse {
            removed: done.counts.iter().sum(),
            revision: done.revision.0,
        })
    }

    async fn atomic_put(&self, request: AtomicPutRequest) -> Result<AtomicPutResponse, Status> {
        let at = self.at("atomic_put").on(request.key);
        let (key, lease) = (at.key()?, convert::lease(request.lease));
        let expected = request.expected_revision.map(Revision);
        let put = self.kv.atomic_put(key, request.value, expected, lease);
        let Revision(revision) = at.of(put.await)?;
        Ok(AtomicPutResponse { revision })
    }

    async fn atomic_delete(
        &self,
        request: AtomicDeleteRequest,
    ) -> Result<AtomicDeleteResponse, Status> {
        let at = self.at("atomic_delete").on(request.key);
        let expected = Some(Revision(request.expected_revision));
        let txn = Txn::new().expect(at.key()?, expected).delete(at.key()?);
        let Revision(revision) = at.of(self.kv.commit(txn).await)?.revision;
        Ok(AtomicDeleteResponse { revision })
    }

    async fn watch(
        &self,
        request: WatchRequest,
    ) -> Result<impl Stream<Item = Result<WatchResponse, Status>> + Send + use<>, Status> {
        let from = convert::watch_start(request.after_revision);
        let at = self.at("watch").on(request.key);
        let batches = at.of(self.kv.watch(at.key()?, from).await)?;
        Ok(self.follow(at, batches))
    }

    async fn watch_tree(
        &self,
        request: WatchTreeRequest,
    ) -> Result<impl Stream<Item = Result<WatchResponse, Status>> + Send + use<>, Status> {
        let from = convert::watch_start(request.after_revision);
        let at = self.at("watch_tree").on(request.directory);
        let batches = at.of(self.kv.watch_tree(at.directory()?, from).await)?;
        Ok(self.follow(at, batches))
    }

    async fn lock(
        &self,
        request: LockRequest,
    ) -> Result<impl Stream<Item = Result<LockResponse, Status>> + Send + use<>, Status> {
        let at = self.at("lock").on(request.key);
        let (kv, key) = (self.kv.clone(), at.key()?);
        let asked = Asked::new(at.clone(), request.holder, request.wait_millis)?;
        let only_try = asked.is_try();
        let waiting = async move {
            match only_try {
                true => kv.try_acquire(key).await,
                false => kv.acquire(key).await,
            }
        };
        let states = self.holds.states(self.kv.clone(), asked, waiting);
        let states = states.map_ok(|state| LockResponse {
            state: Some(match state {
                HoldState::Held(held) => lock_response::State::Held(held),
                HoldState::Lost => lock_response::State::Lost(LockLost {}),
            }),
        });
        // Waiting is part of the stream, so that a drain ends it too.
        Ok(self.until_drain(at, states))
    }

    async fn campaign(
        &self,
        request: CampaignRequest,
    ) -> Result<impl Stream<Item = Result<CampaignResponse, Status>> + Send + use<>, Status> {
        let at = self.at("election").on(request.key);
        let (kv, key) = (self.kv.clone(), at.key()?);
        let asked = Asked::new(at.clone(), request.holder, request.wait_millis)?;
        if asked.is_try() {
            let why = "`wait_millis` of a campaign must be above 0: it includes the time that the \
                       store needs to answer";
            return Err(at.refuse(ErrorKind::InvalidArgument, why));
        }
        let waiting = async move { kv.campaign(key, request.value).await };
        let states = self.holds.states(self.kv.clone(), asked, waiting);
        let states = states.map_ok(|state| CampaignResponse {
            state: Some(match state {
                HoldState::Held(held) => campaign_response::State::Leads(held),
                HoldState::Lost => campaign_response::State::Lost(LockLost {}),
            }),
        });
        Ok(self.until_drain(at, states))
    }

    async fn hold_keep_alive(
        &self,
        request: HoldKeepAliveRequest,
    ) -> Result<HoldKeepAliveResponse, Status> {
        let ttl_millis = convert::millis(self.at("lock").of(self.holds.renew(request.hold))?);
        Ok(HoldKeepAliveResponse { ttl_millis })
    }

    async fn release(&self, request: ReleaseRequest) -> Result<ReleaseResponse, Status> {
        self.at("lock").of(self.holds.release(request.hold).await)?;
        Ok(ReleaseResponse {})
    }

    async fn list_holds(&self, request: ListHoldsRequest) -> Result<ListHoldsResponse, Status> {
        let at = self.at("lock").on(request.key);
        let key = at.directory()?;
        Ok(ListHoldsResponse {
            holds: self.holds.list(key.as_ref()),
        })
    }

    async fn break_hold(&self, request: BreakHoldRequest) -> Result<BreakHoldResponse, Status> {
        let at = self.at("lock").on(request.key);
        let (key, token) = (at.key()?, request.fencing_token);
        at.of(self.holds.take_away(&key, token).await)?;
        Ok(BreakHoldResponse {})
    }

    async fn proclaim(&self, request: ProclaimRequest) -> Result<ProclaimResponse, Status> {
        let (at, token) = (self.at("election").on(request.key), request.fencing_token);
        at.of(self.kv.proclaim(&at.key()?, token, request.value).await)?;
        Ok(ProclaimResponse {})
    }

    async fn observe(
        &self,
        request: ObserveRequest,
    ) -> Result<impl Stream<Item = Result<ObserveResponse, Status>> + Send + use<>, Status> {
        let at = self.at("election").on(request.key);
        let leaders = at.of(self.kv.observe(at.key()?).await)?;
        let errors = at.clone();
        let leaders = leaders.map(move |leader| -> Result<_, Status> {
            let leader = errors.of(leader)?.map(|leader| Leader {
                fencing_token: leader.token,
                value: leader.value.into(),
            });
            Ok(ObserveResponse { leader })
        });
        Ok(self.until_drain(at, leaders))
    }

    async fn commit(&self, request: CommitRequest) -> Result<CommitResponse, Status> {
        let at = self.at("transaction");
        let txn = at.of(convert::to_txn(request))?;
        let done = at.of(self.kv.commit(txn).await)?;
        Ok(CommitResponse {
            revision: done.revision.0,
            counts: done.counts,
        })
    }

    async fn lease_grant(&self, request: LeaseGrantRequest) -> Result<LeaseGrantResponse, Status> {
        let ttl = Duration::from_millis(request.ttl_millis);
        let lease = self.at("lease").of(self.kv.lease(ttl).await)?;
        Ok(LeaseGrantResponse {
            ttl_millis: convert::millis(lease.ttl()),
            // The client renews it, or lets it end.
            lease: lease.detach().0,
        })
    }

    async fn lease_keep_alive(
        &self,
        request: LeaseKeepAliveRequest,
    ) -> Result<LeaseKeepAliveResponse, Status> {
        let at = self.at("keep_alive");
        let lease = lease(&at, request.lease)?;
        let ttl_millis = convert::millis(at.of(self.kv.keep_alive(lease).await)?);
        Ok(LeaseKeepAliveResponse { ttl_millis })
    }

    async fn lease_revoke(
        &self,
        request: LeaseRevokeRequest,
    ) -> Result<LeaseRevokeResponse, Status> {
        let at = self.at("revoke");
        let lease = lease(&at, request.lease)?;
        at.of(self.kv.revoke(lease).await)?;
        Ok(LeaseRevokeResponse {})
    }

    async fn get_capabilities(
        &self,
        _request: GetCapabilitiesRequest,
    ) -> Result<GetCapabilitiesResponse, Status> {
        Ok(capabilities::of(&self.kv))
    }
}

fn lease(at: &Subject, id: u64) -> Result<LeaseId, Status> {
    let refuse = || at.refuse(ErrorKind::InvalidArgument, "a lease must not be 0");
    convert::lease(id).ok_or_else(refuse)
}
