//! The list of servers, as the cluster knows it.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use carml_kv::client::Call;
use etcd_client::Member;

use crate::shared::Shared;

const EVERY: Duration = Duration::from_secs(60);

/// Updates the list now and every minute, until the client is closed or dropped. While the members
/// cannot be read, the last list is kept.
pub(crate) fn follow_members(shared: &Arc<Shared>) {
    let shared = Arc::downgrade(shared);
    tokio::spawn(async move {
        while update(&shared).await.is_some() {
            tokio::time::sleep(EVERY).await;
        }
    });
}

/// `None`: the client is gone.
async fn update(shared: &Weak<Shared>) -> Option<()> {
    let shared = shared.upgrade()?;
    if shared.closed().is_cancelled() {
        return None;
    }
    let call = Call::read("open");
    let members = shared.cluster.call(&call, |client| async move {
        client.cluster_client().member_list().await
    });
    if let Ok(members) = members.await {
        let serving = members.members().iter().filter(|m| !m.is_learner());
        let urls = serving.flat_map(Member::client_urls).cloned();
        shared.cluster.set_members(&urls.collect::<Vec<_>>());
    }
    Some(())
}
