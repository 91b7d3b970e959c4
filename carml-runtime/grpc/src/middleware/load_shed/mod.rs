//! `load_shed`: refuses calls while the processor is busy and more are in progress than it serves.

mod cpu;
mod throughput;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use http::Request;
use tonic::{Code, Status, body::Body};

use carml_config::model;

use super::{Call, Middleware, Place, Refusal, selection::Selection};
use crate::status;
use cpu::Cpu;
use throughput::Throughput;

/// How long calls are shed after the processor was busy: the load is let in again slowly.
const COOL_OFF: Duration = Duration::from_secs(1);

/// Throughput times latency is the number of calls that the service works on at once without a
/// queue (Little's law). While the processor is above its limit, calls beyond that number would only
/// wait, and make all others wait.
#[derive(Debug)]
pub(crate) struct LoadShed {
    /// In thousandths of what the process may use.
    max_cpu: u32,
    cpu: Arc<Cpu>,
    throughput: Throughput,
    in_progress: AtomicU64,
    started: Instant,
    /// When a call was refused last, in milliseconds since the start; 0: never.
    refused: AtomicU64,
    /// Health is answered under load, too: an instance that is restarted helps nobody.
    exempt: Selection,
}

impl Middleware for LoadShed {
    type Options = model::LoadShed;
    /// Whether the call counts.
    type State = bool;

    fn build(options: &model::LoadShed, place: &Place) -> Result<Self, Refusal> {
        let percent = options.cpu.trim_end_matches('%').parse::<u32>();
        let health = ["grpc.health.v1.Health".to_owned()];
        Ok(Self {
            // The schema has checked it.
            max_cpu: percent.unwrap_or(100) * 10,
            cpu: Cpu::measured(),
            throughput: Throughput::new(options.window.get()),
            in_progress: AtomicU64::new(0),
            started: Instant::now(),
            refused: AtomicU64::new(0),
            exempt: Selection::new("exempt", &health, place)?,
        })
    }

    fn arrive(
        &self,
        call: &mut Call,
        state: &mut bool,
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        if self.exempt.has(call) {
            return Ok(());
        }
        let now = call.started.saturating_duration_since(self.started);
        if self.is_busy(now) {
            let in_progress = self.in_progress.load(Relaxed);
            let served = self.throughput.served_at_once(now);
            if served.is_some_and(|served| in_progress > served) {
                self.refused.store(millis(now).max(1), Relaxed);
                return Err(status::overloaded());
            }
        }
        self.in_progress.fetch_add(1, Relaxed);
        *state = true;
        Ok(())
    }

    fn end(&self, call: &mut Call, state: &mut bool, _code: Code) {
        if *state {
            self.in_progress.fetch_sub(1, Relaxed);
            let now = self.started.elapsed();
            self.throughput.ended(now, call.started.elapsed());
        }
    }
}

impl LoadShed {
    /// The processor is above its limit, or was when a call was refused a moment ago.
    fn is_busy(&self, now: Duration) -> bool {
        if self.cpu.thousandths() >= self.max_cpu {
            return true;
        }
        let refused = self.refused.load(Relaxed);
        refused > 0 && millis(now).saturating_sub(refused) < millis(COOL_OFF)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
