//! Clients of real servers that are killed, frozen and restarted: how often the contract was broken.

mod leases;
mod locks;
mod nemesis;
mod registers;
mod report;
mod watches;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use carml_runtime::kv::{Error, Kv};
use futures_util::future::BoxFuture;

use self::report::Figures;
use crate::Server;

/// How one backend is run.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name for `tests/servers/serve`.
    pub server: &'static str,
    /// 1 or 3.
    pub nodes: usize,
    /// Connects to servers.
    pub open: fn(Vec<String>) -> BoxFuture<'static, Kv>,
    /// Whether a watch delivers every change.
    pub full_history: bool,
    /// The TTL of leases.
    pub ttl: Duration,
}

/// What the clients of a run share.
struct Run {
    target: Target,
    server: Server,
    figures: Figures,
    began: Instant,
    over: AtomicBool,
}

impl Run {
    async fn client(&self) -> Kv {
        (self.target.open)(self.server.endpoints()).await
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Nanoseconds since the begin of the run.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap()
    }

    /// Counts a call, and gives its answer back.
    async fn call<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let answer = call.await;
        self.figures.called(answer.as_ref().err());
        answer
    }
}

/// Runs for a while, prints the report, and panics if one figure is not 0.
pub async fn run(target: Target, duration: Duration) {
    let arguments: &[&str] = match target.nodes {
        1 => &[target.server],
        _ => &[target.server, "--nodes", "3"],
    };
    let arguments = arguments.to_vec();
    let server = tokio::task::spawn_blocking(move || Server::start(&arguments));
    let run = Arc::new(Run {
        target,
        server: server.await.unwrap(),
        figures: Figures::default(),
        began: Instant::now(),
        over: AtomicBool::new(false),
    });
    // Everybody connects before the first fault.
    let registers = registers::start(&run).await;
    let locks = locks::start(&run).await;
    let leases = leases::start(&run).await;
    let watches = watches::start(&run).await;
    nemesis::torment(&run, duration).await;
    run.over.store(true, Ordering::SeqCst);
    registers.finish(&run).await;
    locks.finish(&run).await;
    leases.finish().await;
    watches.finish(&run).await;
    let report = run.figures.report(&target, run.began.elapsed());
    println!("{report}");
    assert!(run.figures.are_right(), "{report}");
}
