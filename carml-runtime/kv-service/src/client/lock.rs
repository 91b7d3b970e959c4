//! Locks.

use carml_runtime::kv::{Error, ErrorKind, Guard, Key, contract::*};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tonic::Response;

use super::{KvClient, calls::answer};
use crate::api::{LockRequest, lock_response::State};

impl Lock for KvClient {
    fn acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(self.lock(key, false))
    }

    fn try_acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            let take = || async {
                match self.lock(key.clone(), true).await {
                    Err(error) if error.kind == ErrorKind::Busy => Ok(None),
                    taken => taken.map(Some),
                }
            };
            let taken = self.released.retry(take).await?;
            taken.ok_or_else(|| {
                let why = "the lock is held by another holder";
                let busy = Error::new(ErrorKind::Busy, "lock", why).with_backend("carml");
                busy.with_key(key.as_str())
            })
        })
    }
}

impl KvClient {
    async fn lock(&self, key: Key, only_try: bool) -> Result<Guard, Error> {
        let request = LockRequest {
            key: key.to_string(),
            wait_millis: only_try.then_some(0),
            holder: self.name.to_string(),
        };
        let states = answer("lock", self.client.clone().lock(request).await)?;
        let states = states.map(|state| answer("lock", state.map(Response::new)));
        let states = states.map_ok(|response| match response.state {
            Some(State::Held(held)) => Some(held),
            Some(State::Lost(_)) | None => None,
        });
        self.hold("lock", key, states.boxed()).await
    }
}
