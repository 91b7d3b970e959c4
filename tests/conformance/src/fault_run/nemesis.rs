//! Kills, freezes and restarts nodes, one at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::Rng as _;

use super::{Run, report::Figures};

/// Until `duration` is over. All nodes serve when it returns.
pub(super) async fn torment(run: &Arc<Run>, duration: Duration) {
    let end = Instant::now() + duration;
    while Instant::now() < end {
        let (node, kills, healthy, faulty) = {
            let mut random = rand::rng();
            (
                random.random_range(0..run.nodes),
                random.random_bool(0.6),
                Duration::from_millis(random.random_range(1500..4000)),
                Duration::from_millis(random.random_range(300..6000)),
            )
        };
        tokio::time::sleep(healthy).await;
        let run = run.clone();
        let fault = tokio::task::spawn_blocking(move || match kills {
            true => {
                say!(run, "kills node {node} for {:?}", faulty / 2);
                run.cluster.kill(node);
                Figures::add(&run.figures.kills);
                std::thread::sleep(faulty / 2);
                run.cluster.restart(node);
            }
            false => {
                say!(run, "freezes node {node} for {faulty:?}");
                run.cluster.freeze(node);
                Figures::add(&run.figures.freezes);
                std::thread::sleep(faulty);
                run.cluster.thaw(node);
            }
        });
        fault.await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
}
