//! Leases: each is a session of its own, and its keys are the ephemeral nodes of that session.
//!
//! The client library keeps a session alive by itself. Who holds a lease renews it too: the session is
//! closed one ttl after the last renewal, and by the servers if this process is gone.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use carml_kv::{
    Error, ErrorKind, Lease, LeaseId,
    client::{Call, Failure, Outcome},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zookeeper_client::{Client, CreateMode, Error as ZkError};

use crate::{
    PROVIDER, Zookeeper,
    nodes::node,
    session::{certain, failure},
    shared::Shared,
};

/// The session of a lease.
pub(crate) struct Owner {
    client: Client,
    renewed: Mutex<Instant>,
    revoked: CancellationToken,
}

impl Owner {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn session(&self) -> i64 {
        self.client.session_id().0
    }

    fn last_renewal(&self) -> Instant {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renew(&self, sent: Instant) {
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        *renewed = (*renewed).max(sent);
    }
}

impl Zookeeper {
    /// Opens the session of a lease, which is not renewed yet.
    pub(crate) async fn grant(&self, call: &Call<'_>, ttl: Duration) -> Result<Lease, Error> {
        let caller = &self.shared.caller;
        let granted = caller.call(call, |ensemble, deadline| async move {
            // A client whose main session has no server has none for this one.
            ensemble.session(deadline).await?;
            let sent = Instant::now();
            let client = ensemble.open(ttl, deadline).await?;
            let granted = client.session_timeout();
            if granted < ttl {
                let why =
                    format!("the servers allow a lease of at most {granted:?} (maxSessionTimeout)");
                return Err(Failure::new(
                    Outcome::Refused(ErrorKind::InvalidArgument),
                    why,
                ));
            }
            let path = ensemble.namespace.lease(client.session_id().0);
            loop {
                let create = ensemble.with_acl(|acls| {
                    client.create(&path, b"", &CreateMode::Ephemeral.with_acls(acls))
                });
                match create.await {
                    Ok(_) => return Ok((client, sent)),
                    Err(ZkError::NoNode) => ensemble.prepare(&client).await.map_err(failure)?,
                    Err(e) => return Err(failure(e)),
                }
            }
        });
        let (client, sent) = granted.await?;
        let (id, ttl) = (id_of(&client), client.session_timeout());
        let owner = Arc::new(Owner {
            client,
            renewed: Mutex::new(sent),
            revoked: CancellationToken::new(),
        });
        let validity = self.shared.leases.add(id, certain(ttl), sent);
        self.shared.owners().insert(id.0, owner.clone());
        if caller.closed().is_cancelled() {
            self.shared.leases.ended(id);
        }
        tokio::spawn(hold(Arc::downgrade(&self.shared), owner, ttl));
        Ok(Lease::new(
            id,
            ttl,
            validity.lost().clone(),
            Arc::new(self.clone()),
        ))
    }

    /// The session of a lease that has not ended.
    pub(crate) fn owner(&self, op: &'static str, id: LeaseId) -> Result<Arc<Owner>, Error> {
        let owner = self.shared.owners().get(&id.0).cloned();
        owner
            .filter(|owner| !owner.client.state().is_terminated())
            .ok_or_else(|| {
                self.shared.leases.ended(id);
                let why = "the lease has ended, or another client was granted it";
                Error::new(ErrorKind::LeaseLost, op, why).with_backend(PROVIDER)
            })
    }

    /// Renews a lease and returns its granted ttl.
    pub(crate) async fn renew(&self, id: LeaseId) -> Result<Duration, Error> {
        const OP: &str = "keep_alive";
        if self.shared.caller.closed().is_cancelled() {
            return Err(self.shared.caller.closed_error(OP));
        }
        let owner = self.owner(OP, id)?;
        let (ttl, sent) = (owner.client.session_timeout(), Instant::now());
        let path = self.ensemble().namespace.lease(owner.session());
        let limit = (ttl / 4).min(self.shared.caller.share());
        let unavailable =
            |why: String| Error::new(ErrorKind::Unavailable, OP, why).with_backend(PROVIDER);
        match timeout(limit, node(&owner.client, &path)).await {
            Ok(Ok(Some(_))) => {
                owner.renew(sent);
                if let Some(validity) = self.shared.leases.get(id) {
                    validity.renewed(sent);
                }
                Ok(ttl)
            }
            Ok(Ok(None) | Err(ZkError::SessionExpired | ZkError::ClientClosed)) => {
                self.shared.owners().remove(&id.0);
                self.owner(OP, id).map(|_| ttl)
            }
            Ok(Err(e)) => Err(unavailable(e.to_string())),
            Err(_) => Err(unavailable(format!("no answer within {limit:.1?}"))),
        }
    }

    /// Closes the session of a lease, and waits until its keys are gone.
    pub(crate) async fn end_lease(&self, id: LeaseId) -> Result<(), Error> {
        const OP: &str = "revoke";
        if self.shared.caller.closed().is_cancelled() {
            return Err(self.shared.caller.closed_error(OP));
        }
        let owner = self.owner(OP, id)?;
        self.shared.owners().remove(&id.0);
        owner.revoked.cancel();
        let path = self.ensemble().namespace.lease(owner.session());
        drop(owner);
        let call = Call::read(OP);
        let ended = self.run(&call, |session| {
            let path = path.clone();
            async move {
                loop {
                    let synced = session.client.sync(&path);
                    let read = node(&session.client, &path);
                    let ((), found) = futures_util::try_join!(synced, read).map_err(failure)?;
                    if found.is_none() {
                        return Ok(());
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        });
        let ended = ended.await;
        self.shared.leases.ended(id);
        ended
    }
}

pub(crate) fn id_of(client: &Client) -> LeaseId {
    LeaseId(client.session_id().0.cast_unsigned())
}

/// Holds the session of a lease until it is revoked or not renewed any more. It outlasts a close, so
/// that no key is removed early.
async fn hold(shared: Weak<Shared>, owner: Arc<Owner>, ttl: Duration) {
    let (id, revoked) = (id_of(&owner.client), owner.revoked.clone());
    let mut state = owner.client.state_watcher();
    while !owner.client.state().is_terminated() {
        let until = owner.last_renewal() + ttl;
        if until <= Instant::now() {
            break;
        }
        tokio::select! {
            () = revoked.cancelled() => break,
            _ = state.changed() => {}
            () = tokio::time::sleep_until(until.into()) => {}
        }
    }
    if let Some(shared) = shared.upgrade() {
        shared.owners().remove(&id.0);
        if !revoked.is_cancelled() {
            shared.leases.ended(id);
        }
    }
}
