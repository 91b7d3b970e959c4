//! Elections.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use carml_kv::client::Backoff;
use carml_runtime::kv::{Error, ErrorKind, Key, Leader, LeaderStream, Leadership, contract::*};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tonic::{Response, Streaming};

use super::{KvClient, calls::answer};
use crate::api::{self, campaign_response::State};

const OP: &str = "election";

impl Election for KvClient {
    fn campaign(&self, key: Key, value: Bytes) -> Answer<'_, Leadership> {
        Box::pin(async move {
            let request = api::CampaignRequest {
                key: key.to_string(),
                value: value.into(),
                wait_millis: None,
                holder: self.name.to_string(),
            };
            let states = answer(OP, self.client.clone().campaign(request).await)?;
            let states = states.map(|state| answer(OP, state.map(Response::new)));
            let states = states.map_ok(|response| match response.state {
                Some(State::Leads(held)) => Some(held),
                Some(State::Lost(_)) | None => None,
            });
            let guard = self.hold(OP, key, states.boxed()).await?;
            Ok(Leadership::new(guard, Arc::new(self.clone())))
        })
    }

    fn proclaim<'a>(&'a self, key: &'a Key, token: u64, value: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            let request = api::ProclaimRequest {
                key: key.to_string(),
                fencing_token: token,
                value: value.into(),
            };
            answer(OP, self.client.clone().proclaim(request).await).map(drop)
        })
    }

    fn observe(&self, key: Key) -> Answer<'_, LeaderStream> {
        Box::pin(async move {
            let mut observer = Observer {
                kv: self.clone(),
                key,
                leaders: None,
                last: None,
                backoff: Backoff::new(1),
            };
            observer.leaders = Some(observer.open().await?);
            let leaders = stream::try_unfold(observer, |mut observer| async move {
                let leader = observer.next().await?;
                Ok(Some((leader, observer)))
            });
            Ok(Box::pin(leaders) as LeaderStream)
        })
    }
}

/// Follows the leader, over broken connections.
struct Observer {
    kv: KvClient,
    key: Key,
    leaders: Option<Streaming<api::ObserveResponse>>,
    last: Option<Option<Leader>>,
    backoff: Backoff,
}

impl Observer {
    async fn open(&self) -> Result<Streaming<api::ObserveResponse>, Error> {
        let key = self.key.to_string();
        let request = api::ObserveRequest { key };
        answer(OP, self.kv.client.clone().observe(request).await)
    }

    /// The next other leader.
    async fn next(&mut self) -> Result<Option<Leader>, Error> {
        loop {
            match self.next_on_connection().await {
                Ok(Some(leader)) if self.last.as_ref() == Some(&leader) => {}
                Ok(Some(leader)) => {
                    self.backoff.reset();
                    self.last = Some(leader.clone());
                    return Ok(leader);
                }
                Err(error) if !is_passing(&error) => return Err(error),
                Ok(None) | Err(_) => {
                    self.leaders = None;
                    let pause = self.backoff.pause().max(Duration::from_millis(1));
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// `None`: the server ended the call.
    async fn next_on_connection(&mut self) -> Result<Option<Option<Leader>>, Error> {
        if self.leaders.is_none() {
            self.leaders = Some(self.open().await?);
        }
        let Some(leaders) = &mut self.leaders else {
            return Ok(None);
        };
        let next = answer(OP, leaders.message().await.map(Response::new))?;
        Ok(next.map(|response| {
            response.leader.map(|leader| Leader {
                token: leader.fencing_token,
                value: leader.value.into(),
            })
        }))
    }
}

fn is_passing(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::Unavailable | ErrorKind::Indeterminate | ErrorKind::Closed
    )
}
