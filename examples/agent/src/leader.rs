//! One agent of all counts the results. If it goes away, another one does.

use std::{error::Error, time::Duration};

use carml_runtime::{
    Shutdown,
    kv::{Kv, Leadership, Txn},
    store::{ListOptions, Store},
};
use futures_util::StreamExt as _;
use tokio::sync::watch;

/// The key of the count.
pub(crate) const COUNT: &str = "results/count";
const ELECTION: &str = "leader";
const PAUSE: Duration = Duration::from_secs(1);

type BoxError = Box<dyn Error + Send + Sync>;

/// Takes part in the election until the service drains, and tells who leads.
pub(crate) fn start(
    kv: Kv,
    store: Store,
    every: Duration,
    shutdown: Shutdown,
) -> watch::Receiver<String> {
    let (sender, leader) = watch::channel(String::new());
    let until_drain = async move {
        tokio::select! {
            () = repeat("leading", || lead(&kv, &store, every)) => {}
            () = repeat("following the leader", || follow(&kv, &sender)) => {}
            // Dropping the leadership resigns: the next agent leads at once.
            () = shutdown.begun() => {}
        }
    };
    tokio::spawn(until_drain);
    leader
}

/// Tries again whatever fails.
async fn repeat<F: Future<Output = Result<(), BoxError>>>(what: &str, mut run: impl FnMut() -> F) {
    loop {
        if let Err(error) = run().await {
            tracing::warn!(error, what, "failed; trying again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn lead(kv: &Kv, store: &Store, every: Duration) -> Result<(), BoxError> {
    let name = format!("agent-{}", std::process::id());
    let leadership = kv.campaign(ELECTION.parse()?, name).await?;
    tracing::info!(token = leadership.token(), "leading");
    loop {
        tokio::select! {
            counted = count(kv, store, &leadership) => counted?,
            () = leadership.lost() => return Ok(()),
        }
        tokio::time::sleep(every).await;
    }
}

async fn count(kv: &Kv, store: &Store, leadership: &Leadership) -> Result<(), BoxError> {
    let mut results = 0_u64;
    let mut entries = store.list("results/", ListOptions::default());
    while let Some(entry) = entries.next().await {
        entry?;
        results += 1;
    }
    // Refused if another agent leads by now.
    let txn = Txn::new()
        .require(leadership.guard())
        .put(COUNT.parse()?, results.to_string());
    kv.commit(txn).await?;
    Ok(())
}

async fn follow(kv: &Kv, leader: &watch::Sender<String>) -> Result<(), BoxError> {
    let mut leaders = kv.observe(ELECTION.parse()?).await?;
    while let Some(now) = leaders.next().await {
        let name = now?.map(|leader| String::from_utf8_lossy(&leader.value).into_owned());
        leader.send_replace(name.unwrap_or_default());
    }
    Ok(())
}
