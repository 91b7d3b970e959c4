//! Calls that wait, cancelled at any point, and what they leave behind.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use carml_runtime::kv::{Kv, WatchStart};
use futures_util::{StreamExt as _, future::BoxFuture};
use rand::Rng as _;
use tokio::{runtime::Handle, task::JoinSet};

use super::{Run, report::Figures};
use crate::key;

/// At the same time, so that they wait for each other.
const CLIENTS: u64 = 2;
/// How long after the run something may be left: sessions of Consul end after twice their TTL.
const LEFT_FOR: Duration = Duration::from_secs(60);
/// Tasks that may be more than before: of connections, and of renewals that are under way.
const MORE_TASKS: usize = 30;

type Call = fn(Kv) -> BoxFuture<'static, ()>;

/// Each waits until it is dropped, unless the call is answered.
const CALLS: [Call; 5] = [
    |kv| Box::pin(async move { drop(kv.acquire(key("c/lock")).await) }),
    |kv| Box::pin(async move { drop(kv.campaign(key("c/election"), "v").await) }),
    |kv| {
        Box::pin(async move {
            let watch = kv.watch(key("c/key"), WatchStart::Now).await;
            read(watch.ok()).await;
        })
    },
    |kv| {
        Box::pin(async move {
            let watch = kv.watch_tree(Some(key("w")), WatchStart::Now).await;
            read(watch.ok()).await;
        })
    },
    |kv| {
        Box::pin(async move {
            let leaders = kv.observe(key("c/election")).await;
            read(leaders.ok()).await;
        })
    },
];

async fn read(stream: Option<impl futures_util::Stream + Unpin>) {
    if let Some(mut stream) = stream {
        while stream.next().await.is_some() {}
    }
}

pub(super) struct Cancellations {
    clients: JoinSet<()>,
    /// Stays open, so that nothing ends only because its client does.
    kv: Kv,
    /// How many tasks this process had with that client.
    tasks: usize,
}

/// Before the other clients: their tasks are not counted.
pub(super) async fn start(run: &Arc<Run>) -> Cancellations {
    let kv = run.client().await;
    for call in CALLS {
        let _ = tokio::time::timeout(Duration::from_millis(500), call(kv.clone())).await;
    }
    let tasks = Handle::current().metrics().num_alive_tasks();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        for call in CALLS {
            let count = run.cancellations / CLIENTS + run.cancellations % CLIENTS * client;
            clients.spawn(cancel(run.clone(), kv.clone(), call, count));
        }
    }
    Cancellations { clients, kv, tasks }
}

async fn cancel(run: Arc<Run>, kv: Kv, call: Call, count: u64) {
    let mut cancelled = 0;
    while cancelled < count {
        let (limit, pause) = {
            let mut random = rand::rng();
            (
                Duration::from_micros(random.random_range(0..6_000)),
                random.random_range(0.0..1.5),
            )
        };
        if tokio::time::timeout(limit, call(kv.clone())).await.is_err() {
            cancelled += 1;
            Figures::add(&run.figures.cancelled);
        }
        if !run.is_over() {
            // Over the whole run.
            tokio::time::sleep(run.duration.mul_f64(pause / count as f64)).await;
        }
    }
}

impl Cancellations {
    /// After the other clients.
    pub(super) async fn finish(mut self, run: &Arc<Run>) {
        while let Some(client) = self.clients.join_next().await {
            client.unwrap();
        }
        let end = Instant::now() + LEFT_FOR;
        // Whoever comes now is the first of both queues.
        for (what, call) in [("lock", CALLS[0]), ("election", CALLS[1])] {
            let got = tokio::time::timeout(LEFT_FOR, call(self.kv.clone())).await;
            if got.is_err() {
                Figures::add(&run.figures.leftovers);
                say!(run, "the {what} is never free again");
            }
        }
        let mut left = self.left(run).await;
        while !left.is_empty() && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(500)).await;
            left = self.left(run).await;
        }
        for one in left {
            Figures::add(&run.figures.leftovers);
            say!(run, "left behind: {one}");
        }
        drop(self.kv);
    }

    async fn left(&self, run: &Arc<Run>) -> Vec<String> {
        let run = run.clone();
        let left = tokio::task::spawn_blocking(move || run.cluster.leftovers());
        let mut left = left.await.unwrap();
        let tasks = Handle::current().metrics().num_alive_tasks();
        if tasks > self.tasks + MORE_TASKS {
            left.push(format!("{tasks} tasks, {} before", self.tasks));
        }
        left
    }
}
