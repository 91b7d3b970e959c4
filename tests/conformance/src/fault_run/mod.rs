//! Clients of real servers that are killed, frozen and restarted: how often the contract was broken.

/// Prints what happened, and when, on which backend.
macro_rules! say {
    ($run:expr, $($text:tt)+) => {
        eprintln!("{}: {}", $run.moment(), format_args!($($text)+))
    };
}

mod cancellations;
mod cluster;
mod holder;
mod leases;
mod locks;
mod nemesis;
mod registers;
mod report;
mod stopped;
mod target;
mod watches;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use carml_runtime::kv::{Error, Kv};

use self::report::Figures;

pub use self::{
    cluster::Cluster,
    holder::hold,
    target::{CONSUL, ETCD, Programs, REDB, TARGETS, Target, ZOOKEEPER},
};

/// How often each call is cancelled in a run that is long enough.
const CANCELLATIONS: u64 = 1000;

/// What the clients of a run share.
struct Run {
    target: Target,
    nodes: usize,
    cluster: Box<dyn Cluster>,
    figures: Figures,
    began: Instant,
    duration: Duration,
    over: AtomicBool,
    /// How often each call is cancelled.
    cancellations: u64,
    /// The program that holds a lock.
    holder: &'static str,
}

impl Run {
    async fn client(&self) -> Kv {
        (self.target.open)(self.cluster.endpoints()).await
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// The backend and the time.
    fn moment(&self) -> String {
        let seconds = self.began.elapsed().as_secs_f32();
        format!("{} x{} at {seconds:.3} s", self.target.server, self.nodes)
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

/// Runs `nodes` servers for a while, prints the report, and panics if one figure is not 0.
pub async fn run(target: Target, nodes: usize, duration: Duration, programs: Programs) {
    let cluster = tokio::task::spawn_blocking(move || (target.start)(nodes, &programs));
    let run = Arc::new(Run {
        target,
        nodes,
        cluster: cluster.await.unwrap(),
        figures: Figures::default(),
        began: Instant::now(),
        duration,
        over: AtomicBool::new(false),
        cancellations: CANCELLATIONS.min(duration.as_secs() * 10),
        holder: programs.holder,
    });
    // Everybody connects before the first fault.
    let cancellations = cancellations::start(&run).await;
    let registers = registers::start(&run).await;
    let locks = locks::start(&run).await;
    let stopped = stopped::start(&run).await;
    let leases = leases::start(&run).await;
    let watches = watches::start(&run).await;
    nemesis::torment(&run, duration).await;
    run.over.store(true, Ordering::SeqCst);
    registers.finish(&run).await;
    locks.finish(&run).await;
    stopped.finish(&run).await;
    leases.finish().await;
    watches.finish(&run).await;
    cancellations.finish(&run).await;
    let report = run.figures.report(&run);
    println!("{report}");
    assert!(run.figures.are_right(&run), "{report}");
}
