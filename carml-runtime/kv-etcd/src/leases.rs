//! Leases.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use carml_kv::{
    Error, ErrorKind, Lease, LeaseId,
    client::{Call, Validity},
};
use etcd_client::{Client, Error as EtcdError, GetOptions, LeaseGrantResponse, ResponseHeader};
use tonic::Status;

use crate::{Etcd, PROVIDER, cluster::LEASE_NOT_FOUND, txn::native_lease};

impl Etcd {
    /// Grants a lease and follows its clock. It is not renewed yet.
    pub(crate) async fn grant(
        &self,
        call: &Call<'_>,
        ttl: Duration,
    ) -> Result<(LeaseId, Arc<Validity>), Error> {
        let seconds = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        let seconds = seconds.saturating_add((ttl.subsec_nanos() > 0).into());
        let granted = self.shared.cluster.call(call, |client| async move {
            let sent = Instant::now();
            let granted = client.lease_client().grant(seconds, None).await?;
            Ok((sent, granted))
        });
        let (sent, granted): (Instant, LeaseGrantResponse) = granted.await?;
        let ttl = Duration::from_secs(granted.ttl().try_into().unwrap_or(0));
        let id = LeaseId(granted.id().cast_unsigned());
        let validity = self.shared.leases.add(id, ttl, sent);
        if self.shared.closed().is_cancelled() {
            self.shared.leases.ended(id);
        }
        Ok((id, validity))
    }

    /// A lease that is renewed until it is dropped.
    pub(crate) fn keep(&self, id: LeaseId, validity: &Validity) -> Lease {
        let lost = validity.lost().clone();
        Lease::new(id, validity.ttl(), lost, Arc::new(self.clone()))
    }

    /// Renews a lease and returns its granted ttl.
    pub(crate) async fn renew(&self, id: LeaseId) -> Result<Duration, Error> {
        const OP: &str = "keep_alive";
        let (native, known) = (native_lease(OP, id)?, self.shared.leases.get(id));
        let mut call = Call::read(OP);
        if let Some(known) = &known {
            // A server that does not answer must not use up the time of a short lease.
            call = call.within((known.ttl() / 4).min(self.shared.cluster.share()));
        }
        let renewed = self
            .shared
            .cluster
            .call(&call, |client| self.renew_at_leader(client, native));
        match (renewed.await, known) {
            (Ok(sent), Some(known)) => {
                known.renewed(sent);
                Ok(known.ttl())
            }
            (Ok(_), None) => self.granted_ttl(&call, native).await,
            (Err(e), _) => {
                if e.kind == ErrorKind::LeaseLost {
                    self.shared.leases.ended(id);
                }
                Err(e)
            }
        }
    }

    /// Renews a lease once: when the request was sent.
    ///
    /// A server that was frozen while another one was elected renews leases that it no longer
    /// leads, until it hears of the election (etcd 3.6.13, `EtcdServer::isActive`). A linearizable
    /// read is confirmed by a majority: the renewal counts if the term is still the same.
    async fn renew_at_leader(
        &self,
        client: Arc<Client>,
        native: i64,
    ) -> Result<Instant, EtcdError> {
        let sent = Instant::now();
        let (mut keeper, mut answers) = client.lease_client().keep_alive(native).await?;
        // `keep_alive` does not show the header of its answer.
        keeper.keep_alive().await?;
        let renewed = answers.message().await?;
        let renewed = renewed.filter(|answer| answer.ttl() > 0);
        let renewed =
            renewed.ok_or_else(|| EtcdError::LeaseKeepAliveError(LEASE_NOT_FOUND.to_owned()))?;
        let options = GetOptions::new().with_count_only();
        let key = self.shared.cluster.readable_key();
        let read = client.kv_client().get(key, Some(options)).await?;
        let term = |header: Option<&ResponseHeader>| header.map(ResponseHeader::raft_term);
        if term(renewed.header()) == term(read.header()) {
            return Ok(sent);
        }
        Err(Status::unavailable("the leader changed while a lease was renewed").into())
    }

    async fn granted_ttl(&self, call: &Call<'_>, id: i64) -> Result<Duration, Error> {
        let asked = self.shared.cluster.call(call, |client| async move {
            client.lease_client().time_to_live(id, None).await
        });
        match u64::try_from(asked.await?.granted_ttl()) {
            Ok(ttl) if ttl > 0 => Ok(Duration::from_secs(ttl)),
            _ => {
                let why = "the lease has ended";
                Err(Error::new(ErrorKind::LeaseLost, "keep_alive", why).with_backend(PROVIDER))
            }
        }
    }

    pub(crate) async fn end_lease(&self, call: &Call<'_>, id: LeaseId) -> Result<(), Error> {
        let native = native_lease("revoke", id)?;
        let revoked = self.shared.cluster.call(call, |client| async move {
            client.lease_client().revoke(native).await
        });
        let revoked = revoked.await.map(drop);
        match &revoked {
            Err(e) if e.kind != ErrorKind::LeaseLost => {}
            _ => self.shared.leases.ended(id),
        }
        revoked
    }
}
