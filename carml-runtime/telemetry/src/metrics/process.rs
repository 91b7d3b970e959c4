//! What the system knows of this process, with the names that Prometheus' clients use.

use std::fs;

use super::{Exposition, Kind};

/// Ticks of `/proc` per second: Linux has the same number on every architecture.
const USER_HZ: f64 = 100.0;

/// Writes what can be read.
pub(super) fn write(out: &mut Exposition) {
    let stat = fs::read_to_string("/proc/self/stat").ok();
    let numbers = stat.as_deref().map(numbers).unwrap_or_default();
    if let (Some(started), Some(boot)) = (numbers.get(19), boot_seconds()) {
        out.family(
            "process_start_time_seconds",
            Kind::Gauge,
            "When the process started, in seconds since 1970.",
        )
        .value(&[], boot + started / USER_HZ);
    }
    if let (Some(user), Some(system)) = (numbers.get(11), numbers.get(12)) {
        out.family(
            "process_cpu_seconds_total",
            Kind::Counter,
            "Processor time in user and kernel mode.",
        )
        .value(&[], (user + system) / USER_HZ);
    }
    if let Some(bytes) = resident_bytes() {
        out.family(
            "process_resident_memory_bytes",
            Kind::Gauge,
            "Memory that is in RAM.",
        )
        .value(&[], bytes);
    }
    if let Some(open) = open_files() {
        out.family("process_open_fds", Kind::Gauge, "Open file descriptors.")
            .value(&[], open);
    }
}

/// What is behind the program's name, which may have spaces. The state, a letter, is 0.
fn numbers(stat: &str) -> Vec<f64> {
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    let words = rest.split_whitespace();
    words.map(|word| word.parse().unwrap_or_default()).collect()
}

fn boot_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some((kib << 10) as f64)
}

fn open_files() -> Option<f64> {
    // The one that reads the folder is among them.
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(open.saturating_sub(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_behind_the_name() {
        let stat = "7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0 1 0 4200 0";
        let numbers = numbers(stat);
        assert_eq!(
            (numbers[11], numbers[12], numbers[19]),
            (250.0, 150.0, 4200.0)
        );
    }
}
