//! How busy the processor is, of what the process may use of it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// How often it is measured.
const INTERVAL: Duration = Duration::from_millis(250);

/// The share of the last measurement in the mean: about a second of the past counts.
const WEIGHT: f64 = 0.3;

const CGROUPS: &str = "/sys/fs/cgroup";

/// The mean of the last second, in thousandths.
#[derive(Debug, Default)]
pub(super) struct Cpu(AtomicU32);

/// The one of the process, while somebody uses it.
static CURRENT: LazyLock<Mutex<Weak<Cpu>>> = LazyLock::new(Mutex::default);

impl Cpu {
    /// Measured by a thread of its own, which the load itself delays less than a task. It ends when
    /// this is dropped.
    pub(super) fn measured() -> Arc<Self> {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cpu) = current.upgrade() {
            return cpu;
        }
        let cpu = Arc::new(Self::default());
        *current = Arc::downgrade(&cpu);
        let measured = Arc::downgrade(&cpu);
        let thread = thread::Builder::new().name("carml-load".to_owned());
        if let Err(error) = thread.spawn(move || measure(&measured)) {
            tracing::error!(%error, "the load is not measured: no calls are shed");
        }
        cpu
    }

    pub(super) fn thousandths(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

fn measure(cpu: &Weak<Cpu>) {
    let Some(source) = Source::find() else {
        tracing::warn!("the load cannot be measured on this system: no calls are shed");
        return;
    };
    let (mut before, mut at) = (source.used(), Instant::now());
    let mut mean = 0.0;
    loop {
        thread::sleep(INTERVAL);
        let Some(cpu) = cpu.upgrade() else {
            return;
        };
        let (used, now) = (source.used(), Instant::now());
        if let (Some(used), Some(before)) = (used, before) {
            let share = (used - before) / (now - at).as_secs_f64() / source.capacity;
            mean += (share - mean) * WEIGHT;
            cpu.0.store((mean * 1e3).round() as u32, Relaxed);
        }
        (before, at) = (used, now);
    }
}

/// Where the used time is read from.
struct Source {
    /// The folder of the cgroup; the whole machine if there is none.
    cgroup: Option<PathBuf>,
    /// How many processors it may use.
    capacity: f64,
}

impl Source {
    fn find() -> Option<Self> {
        let all = thread::available_parallelism().ok()?.get() as f64;
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
        let folder = own.map(|own| Path::new(CGROUPS).join(own));
        let cgroup = folder.filter(|folder| used_by(folder).is_some());
        let quota = cgroup.as_deref().and_then(quota);
        let source = Self {
            cgroup,
            capacity: quota.map_or(all, |quota| quota.min(all)),
        };
        source.used().map(|_| source)
    }

    /// Seconds since some time in the past.
    fn used(&self) -> Option<f64> {
        match &self.cgroup {
            Some(folder) => used_by(folder),
            None => used_by_machine(),
        }
    }
}

fn used_by(cgroup: &Path) -> Option<f64> {
    let stat = fs::read_to_string(cgroup.join("cpu.stat")).ok()?;
    let line = stat
        .lines()
        .find_map(|line| line.strip_prefix("usage_usec "))?;
    Some(line.trim().parse::<f64>().ok()? / 1e6)
}

/// How many processors a cgroup may use, by its own limit and those of the ones around it.
fn quota(cgroup: &Path) -> Option<f64> {
    let folders = cgroup
        .ancestors()
        .take_while(|one| one.starts_with(CGROUPS));
    let quotas = folders.filter_map(|folder| {
        let max = fs::read_to_string(folder.join("cpu.max")).ok()?;
        let (quota, period) = max.trim().split_once(' ')?;
        Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
    });
    quotas.reduce(f64::min)
}

/// All but the time in which it was idle, in ticks of 10 ms.
fn used_by_machine() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let times = stat.lines().next()?.strip_prefix("cpu ")?;
    let times: Vec<f64> = times
        .split_whitespace()
        .map_while(|time| time.parse().ok())
        .collect();
    // user, nice, system, idle, iowait, irq, softirq, steal
    let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|at| times.get(*at));
    Some(busy.sum::<f64>() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_works_is_seen() {
        let cpu = Cpu::measured();
        let until = Instant::now() + Duration::from_secs(20);
        while cpu.thousandths() == 0 && Instant::now() < until {
            std::hint::spin_loop();
        }
        assert!(cpu.thousandths() > 0);
    }
}
