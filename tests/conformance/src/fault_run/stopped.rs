//! A process that holds a lock and is stopped (SIGSTOP) until another client has it.

use std::{
    process::{Command as Signal, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use carml_runtime::kv::{Kv, Revision, Txn};
use rand::Rng as _;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
    sync::Notify,
    task::JoinHandle,
};

use super::{
    Run,
    holder::{FENCED, LOCK, Line, now},
    locks,
    report::Figures,
};
use crate::{Watchdog, key};

/// How long the other client waits for the lock.
const FREE_WITHIN: Duration = Duration::from_secs(60);

/// What the holder has printed.
#[derive(Default)]
struct Printed {
    /// The last token, whether it is still held, and until when at the latest.
    token: u64,
    held: bool,
    until: u128,
    fenced: Vec<(Revision, u64)>,
}

#[derive(Default)]
struct Shared {
    printed: Mutex<Printed>,
    changed: Notify,
}

pub(super) struct Stopped {
    shared: Arc<Shared>,
    other: JoinHandle<Vec<(Revision, u64)>>,
}

pub(super) async fn start(run: &Arc<Run>) -> Stopped {
    let mut holder = Command::new(run.holder)
        .arg(run.target.server)
        .args(run.cluster.endpoints())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let shared = Arc::<Shared>::default();
    let out = holder.stdout.take().unwrap();
    tokio::spawn(follow(out, shared.clone()));
    let watchdog = Watchdog::of(holder.id().unwrap());
    let kv = run.client().await;
    let other = other(run.clone(), kv, holder, shared.clone());
    let other = tokio::spawn(async move {
        let fenced = other.await;
        // The holder ends a moment later.
        drop(watchdog);
        fenced
    });
    Stopped { shared, other }
}

impl Stopped {
    pub(super) async fn finish(self, run: &Run) {
        let mut fenced = self.other.await.unwrap();
        fenced.append(&mut self.shared.printed.lock().unwrap().fenced);
        locks::judge(run, fenced);
    }
}

async fn follow(out: ChildStdout, shared: Arc<Shared>) {
    let mut lines = BufReader::new(out).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let mut printed = shared.printed.lock().unwrap();
        match line.parse().unwrap() {
            Line::Held { token, until } => {
                (printed.token, printed.held, printed.until) = (token, true, until);
            }
            Line::Wrote { token, revision } => printed.fenced.push((Revision(revision), token)),
            Line::Lost { token } => printed.held = printed.token != token,
        }
        drop(printed);
        shared.changed.notify_one();
    }
}

impl Shared {
    /// Waits until the holder has the lock: its token.
    async fn held(&self) -> u64 {
        loop {
            {
                let printed = self.printed.lock().unwrap();
                if printed.held {
                    return printed.token;
                }
            }
            self.changed.notified().await;
        }
    }
}

/// The other client: stops the holder, takes the lock, and lets the holder go on meanwhile.
async fn other(run: Arc<Run>, kv: Kv, holder: Child, shared: Arc<Shared>) -> Vec<(Revision, u64)> {
    let mut fenced = Vec::new();
    while !run.is_over() {
        let Ok(first) = tokio::time::timeout(FREE_WITHIN, shared.held()).await else {
            continue;
        };
        let moment = rand::rng().random_range(0..500);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        signal(&holder, "STOP");
        let acquired = tokio::time::timeout(FREE_WITHIN, kv.acquire(key(LOCK))).await;
        let since = now();
        signal(&holder, "CONT");
        let Ok(Ok(second)) = acquired else { continue };
        let token = second.token();
        // A write of the late holder has to meet those of the present one.
        for _ in 0..10 {
            let write = Txn::new().require(&second);
            let write = write.put(key(FENCED), token.to_string());
            if locks::is_valid(&second)
                && let Ok(done) = run.call(kv.commit(write)).await
            {
                Figures::add(&run.figures.fenced);
                fenced.push((done.revision, token));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let printed = shared.printed.lock().unwrap();
        if printed.token != first && printed.token < token {
            // It lost the lock to a fault and acquired it again before it was stopped.
            continue;
        }
        Figures::add(&run.figures.stops);
        if token <= first {
            Figures::add(&run.figures.tokens_not_rising);
            say!(run, "token {token} after {first}, which was stopped");
        }
        if printed.token == first && printed.until > since {
            Figures::add(&run.figures.two_holders);
            let more = printed.until - since;
            say!(
                run,
                "{first} was stopped, and valid for {more} ns after {token} began"
            );
        }
    }
    fenced
}

fn signal(process: &Child, name: &str) {
    let Some(id) = process.id() else {
        panic!("the holder has ended");
    };
    let sent = Signal::new("kill")
        .args(["-s", name, &id.to_string()])
        .status();
    assert!(sent.unwrap().success());
}
