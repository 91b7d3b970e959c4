//! The clock of a session.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use carml_kv::{LeaseId, client::Validity};
use tokio::time::{sleep, timeout};
use zookeeper_client::Client;

use super::Ensemble;

/// The part of a session's timeout that counts. A server tells the leader of its clients' signs of
/// life every half tick, so the leader may know of the last one only if it is older than that.
pub(crate) fn certain(timeout: Duration) -> Duration {
    timeout * 8 / 9
}

/// Renews the validity of a session with requests of its own, until the session ends.
pub(super) async fn run(ensemble: Weak<Ensemble>, client: Client, validity: Arc<Validity>) {
    let every = validity.ttl() / 4;
    let mut state = client.state_watcher();
    while !client.state().is_terminated() {
        tokio::select! {
            _ = state.changed() => {}
            () = validity.lost().cancelled() => break,
            () = sleep(every) => {
                let Some(path) = ensemble.upgrade().map(|ensemble| ensemble.namespace.clock()) else {
                    return;
                };
                let sent = Instant::now();
                if let Ok(Ok(_)) = timeout(every, client.check_stat(&path)).await {
                    validity.renewed(sent);
                }
            }
        }
    }
    if let Some(ensemble) = ensemble.upgrade() {
        ensemble.discard(&client);
    }
}

impl Ensemble {
    /// A session has ended, or cannot be trusted any more: holders of its locks have lost them, and it
    /// is closed even if nobody asks for another one.
    fn discard(&self, client: &Client) {
        let id = client.session_id();
        self.sessions.ended(LeaseId(id.0.cast_unsigned()));
        let mut current = self.current();
        let ended = current.take_if(|session| session.client.session_id() == id);
        drop(current);
        drop(ended);
    }
}
