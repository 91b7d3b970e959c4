//! Locks: a lock is held as long as its call is open.

use carml_runtime::kv::{Error, ErrorKind, Guard, Key, contract::*};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Streaming;

use super::{KvClient, calls::answer};
use crate::api::{LockRequest, LockResponse, lock_response::State};

impl Lock for KvClient {
    fn acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(self.lock(key, false))
    }

    fn try_acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(self.lock(key, true))
    }
}

impl KvClient {
    async fn lock(&self, key: Key, only_try: bool) -> Result<Guard, Error> {
        let request = LockRequest {
            key: key.to_string(),
            r#try: only_try,
        };
        let mut states = answer("lock", self.client.clone().lock(request).await)?;
        match next(&mut states).await? {
            Some(State::Held(held)) => {
                let (lost, released) = (CancellationToken::new(), CancellationToken::new());
                let hold = released.clone().drop_guard();
                tokio::spawn(hold_open(states, lost.clone(), released));
                let hold: Box<DropGuard> = Box::new(hold);
                Ok(Guard::new(key, held.fencing_token, lost, hold))
            }
            Some(State::Lost(_)) | None => Err(Error::new(
                ErrorKind::LockLost,
                "lock",
                "the lock was lost as soon as it was acquired",
            )),
        }
    }
}

/// Cancels `lost` when the lock ends, and ends the call when the guard is dropped.
async fn hold_open(
    mut states: Streaming<LockResponse>,
    lost: CancellationToken,
    released: CancellationToken,
) {
    tokio::select! {
        () = released.cancelled() => {}
        () = async { while let Ok(Some(State::Held(_))) = next(&mut states).await {} } => lost.cancel(),
    }
}

async fn next(states: &mut Streaming<LockResponse>) -> Result<Option<State>, Error> {
    let response = states.message().await;
    let response = answer("lock", response.map(tonic::Response::new))?;
    Ok(response.and_then(|response| response.state))
}
