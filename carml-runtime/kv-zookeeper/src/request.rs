//! Requests in the current session.

use std::{sync::Arc, time::Duration};

use carml_kv::{
    Error,
    client::{Call, Failure, Outcome},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    Zookeeper,
    nodes::{children, node},
    session::{Ensemble, Session, failure},
};

fn too_many(waited: Duration) -> Failure {
    let why = format!("not sent within {waited:.1?}: too many other calls are under way");
    Failure::new(Outcome::Unsent, why)
}

impl Zookeeper {
    pub(crate) fn ensemble(&self) -> Arc<Ensemble> {
        self.shared.ensemble()
    }

    /// Sends requests in the current session until there is an answer, or a failure that rules out
    /// another attempt, or the time is over.
    pub(crate) async fn run<T, F>(
        &self,
        call: &Call<'_>,
        request: impl Fn(Arc<Session>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let caller = &self.shared.caller;
        let attempt = |ensemble: Arc<Ensemble>, deadline: Instant| {
            let request = &request;
            async move {
                let session = ensemble.session(deadline).await?;
                let begun = Instant::now();
                let turn = timeout_at(deadline, ensemble.turn()).await;
                let _turn = turn.map_err(|_| too_many(begun.elapsed()))?;
                let start = Instant::now();
                let until = (start + caller.limit(call)).min(deadline);
                let answer = timeout_at(until, request(session.clone())).await;
                match answer {
                    Ok(Ok(answer)) => {
                        session.validity.renewed(start.into_std());
                        Ok(answer)
                    }
                    Ok(Err(failure)) => Err(failure),
                    Err(_) => Err(Failure::silent(until - start)),
                }
            }
        };
        caller.call(call, attempt).await
    }

    /// Whether the bucket can be read.
    pub(crate) async fn check_access(&self, call: &Call<'_>) -> Result<(), Error> {
        self.run(call, |session| {
            let ensemble = self.ensemble();
            async move {
                let (client, namespace) = (&session.client, &ensemble.namespace);
                children(client, namespace.root()).await.map_err(failure)?;
                node(client, &namespace.clock()).await.map_err(failure)?;
                Ok(())
            }
        })
        .await
    }
}
