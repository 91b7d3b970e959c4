//! A client whose keys have leases.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use carml_runtime::kv::{Kv, Lease};
use futures_util::FutureExt as _;
use rand::Rng as _;
use tokio::task::JoinHandle;

use super::{Run, report::Figures};
use crate::key;

pub(super) struct Leases(JoinHandle<()>);

pub(super) async fn start(run: &Arc<Run>) -> Leases {
    let kv = run.client().await;
    Leases(tokio::spawn(client(run.clone(), kv)))
}

impl Leases {
    pub(super) async fn finish(self) {
        self.0.await.unwrap();
    }
}

async fn client(run: Arc<Run>, kv: Kv) {
    let mut n = 0;
    while !run.is_over() {
        n += 1;
        let granted = run.call(kv.lease(run.target.ttl)).await;
        if let Ok(lease) = granted {
            keep(&run, &kv, &format!("lease/{n}"), &lease).await;
            let _ = run.call(lease.revoke()).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn keep(run: &Run, kv: &Kv, name: &str, lease: &Lease) {
    let name = key(name);
    let put = kv.put(name.clone(), "v", Some(lease.id()));
    if run.call(put).await.is_err() {
        return;
    }
    Figures::add(&run.figures.leases);
    let longest = (2 * run.target.ttl.as_secs()).max(12);
    let until = Instant::now() + Duration::from_secs(rand::rng().random_range(2..longest));
    while Instant::now() < until && !run.is_over() {
        let found = run.call(kv.exists(&name)).await;
        let is_lost = lease.lost().now_or_never().is_some();
        match found {
            _ if is_lost => return,
            Ok(false) => {
                Figures::add(&run.figures.early_expiries);
                say!(run, "{name} has ended before its lease");
                return;
            }
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
