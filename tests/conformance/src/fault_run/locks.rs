//! Clients that want the same lock, and write with its token.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use carml_runtime::kv::{Guard, Kv, Revision, Txn};
use rand::Rng as _;
use tokio::task::JoinSet;

use super::{Run, report::Figures};
use crate::key;

const CLIENTS: usize = 3;

#[derive(Default)]
struct Shared {
    holder: Mutex<Option<Arc<Guard>>>,
    last: Mutex<u64>,
    /// The revisions of fenced writes, with the tokens of their holders.
    fenced: Mutex<Vec<(Revision, u64)>>,
}

pub(super) struct Locks {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

pub(super) async fn start(run: &Arc<Run>) -> Locks {
    let (shared, mut clients) = (Arc::<Shared>::default(), JoinSet::new());
    for _ in 0..CLIENTS {
        let kv = run.client().await;
        clients.spawn(client(run.clone(), kv, shared.clone()));
    }
    Locks { shared, clients }
}

impl Locks {
    pub(super) async fn finish(mut self, run: &Run) {
        while let Some(client) = self.clients.join_next().await {
            client.unwrap();
        }
        let fenced = std::mem::take(&mut *self.shared.fenced.lock().unwrap());
        judge(run, fenced);
    }
}

/// Counts writes with a token lower than that of an earlier one.
pub(super) fn judge(run: &Run, mut fenced: Vec<(Revision, u64)>) {
    fenced.sort();
    for pair in fenced.windows(2) {
        if pair[1].1 < pair[0].1 {
            Figures::add(&run.figures.fence_violations);
            say!(run, "a late holder wrote: {pair:?}");
        }
    }
}

async fn client(run: Arc<Run>, kv: Kv, shared: Arc<Shared>) {
    while !run.is_over() {
        // A wait outlasts an outage, and is given up at the end of the run.
        let acquired = tokio::time::timeout(Duration::from_secs(5), kv.acquire(key("l"))).await;
        let Ok(acquired) = acquired else { continue };
        let Ok(guard) = run.call(async { acquired }).await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        hold(&run, &kv, &shared, Arc::new(guard)).await;
    }
}

pub(super) fn is_valid(guard: &Guard) -> bool {
    guard
        .valid_until()
        .is_some_and(|until| until > Instant::now())
}

async fn hold(run: &Run, kv: &Kv, shared: &Shared, guard: Arc<Guard>) {
    let token = guard.token();
    {
        let mut holder = shared.holder.lock().unwrap();
        if !is_valid(&guard) {
            return;
        }
        Figures::add(&run.figures.acquired);
        if holder.as_ref().is_some_and(|before| is_valid(before)) {
            Figures::add(&run.figures.two_holders);
            say!(
                run,
                "two holders: {token} and {:?}",
                holder.as_ref().map(|g| g.token())
            );
        }
        let mut last = shared.last.lock().unwrap();
        if token <= *last {
            Figures::add(&run.figures.tokens_not_rising);
            say!(run, "token {token} after {last}");
        }
        *last = token.max(*last);
        *holder = Some(guard.clone());
    }
    let until = Instant::now() + Duration::from_millis(rand::rng().random_range(20..800));
    while Instant::now() < until && is_valid(&guard) {
        let write = Txn::new()
            .require(&guard)
            .put(key("fenced"), token.to_string());
        if let Ok(done) = run.call(kv.commit(write)).await {
            Figures::add(&run.figures.fenced);
            shared.fenced.lock().unwrap().push((done.revision, token));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut holder = shared.holder.lock().unwrap();
    let is_own = holder.as_ref().is_some_and(|other| other.token() == token);
    if is_own {
        *holder = None;
    } else if is_valid(&guard) {
        Figures::add(&run.figures.two_holders);
        say!(run, "{token} was replaced while it was valid");
    }
}
