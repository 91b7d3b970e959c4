//! Locks and leaderships of a served store, renewed by this process.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use carml_runtime::kv::{Error, ErrorKind, Guard, Key, LockHandle};
use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use tokio::time::{sleep_until, timeout_at};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{KvClient, calls::answer};
use crate::api;

/// The part of the granted time that counts, so that clocks may differ in speed.
const CERTAIN: f64 = 0.9;

/// What the server says of a lock: that it is held; `None`: that it is lost.
pub(super) type State = Option<api::LockHeld>;

/// A lock that is renewed. Dropping it releases the lock.
struct Hold {
    kv: KvClient,
    id: u64,
    token: u64,
    until: Arc<Mutex<Instant>>,
    runtime: tokio::runtime::Handle,
    /// Also keeps the call open.
    renewing: Option<AbortOnDropHandle<()>>,
}

impl LockHandle for Hold {
    fn valid_until(&self) -> Option<Instant> {
        Some(*until(&self.until))
    }
}

fn until(until: &Mutex<Instant>) -> MutexGuard<'_, Instant> {
    until.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Hold {
    fn drop(&mut self) {
        let (kv, hold, token) = (self.kv.clone(), self.id, Some(self.token));
        let open = self.renewing.take();
        kv.released.begin(token);
        self.runtime.spawn(async move {
            // Without an answer, the end of the call releases it.
            let _ = kv
                .client
                .clone()
                .release(api::ReleaseRequest { hold })
                .await;
            drop(open);
            kv.released.end(token);
        });
    }
}

impl KvClient {
    /// Waits until the server grants the lock, and renews it.
    pub(super) async fn hold(
        &self,
        op: &'static str,
        key: Key,
        mut states: BoxStream<'static, Result<State, Error>>,
    ) -> Result<Guard, Error> {
        let lost = || {
            let why = "the lock was lost as soon as it was acquired";
            Error::new(ErrorKind::LockLost, op, why).with_backend("carml")
        };
        let held = states
            .next()
            .await
            .transpose()?
            .flatten()
            .ok_or_else(lost)?;
        // From here on, dropping it releases the lock.
        let mut hold = Hold {
            kv: self.clone(),
            id: held.hold,
            token: held.fencing_token,
            until: Arc::new(Mutex::new(Instant::now())),
            runtime: tokio::runtime::Handle::current(),
            renewing: None,
        };
        *until(&hold.until) = self.renew(op, held.hold).await?;
        let lost = CancellationToken::new();
        let renewing = renew(self.clone(), op, held.hold, hold.until.clone(), states);
        let ended = lost.clone();
        let renewing = tokio::spawn(async move {
            renewing.await;
            ended.cancel();
        });
        hold.renewing = Some(AbortOnDropHandle::new(renewing));
        Ok(Guard::new(key, held.fencing_token, lost, Box::new(hold)))
    }

    /// Until when a hold is certain: by the time at which its renewal was sent.
    async fn renew(&self, op: &'static str, hold: u64) -> Result<Instant, Error> {
        let sent = Instant::now();
        let request = api::HoldKeepAliveRequest { hold };
        let kept = answer(op, self.client.clone().hold_keep_alive(request).await)?;
        Ok(sent + Duration::from_millis(kept.ttl_millis).mul_f64(CERTAIN))
    }
}

/// Renews a hold until it is lost.
async fn renew(
    kv: KvClient,
    op: &'static str,
    hold: u64,
    valid: Arc<Mutex<Instant>>,
    mut states: impl Stream<Item = Result<State, Error>> + Unpin,
) {
    let keep = async {
        loop {
            let end = *until(&valid);
            let pause = end.saturating_duration_since(Instant::now()) / 3;
            tokio::time::sleep(pause).await;
            match timeout_at(end.into(), kv.renew(op, hold)).await {
                Ok(Ok(renewed)) => *until(&valid) = renewed.max(end),
                Ok(Err(error)) if error.kind == ErrorKind::LockLost => return,
                _ if end <= Instant::now() => return,
                _ => tokio::time::sleep(MIN_PAUSE).await,
            }
        }
    };
    let expired = async {
        loop {
            let end = *until(&valid);
            if end <= Instant::now() {
                return;
            }
            sleep_until(end.into()).await;
        }
    };
    let ended = async { while let Some(Ok(Some(_))) = states.next().await {} };
    tokio::select! {
        () = keep => {}
        () = expired => {}
        () = ended => {}
    }
}

/// Between attempts to renew a hold.
const MIN_PAUSE: Duration = Duration::from_millis(100);
