//! Instances of whose calls more fail than of others get none for some time: gRFC A50.

use std::{collections::HashMap, sync::Arc};

use tokio::time::{Instant, sleep};

use super::Instances;
use crate::settings::OutlierDetection;

/// An instance with calls in an interval.
#[derive(Clone, Copy, Debug)]
struct Ended {
    id: u64,
    succeeded: u64,
    failed: u64,
}

impl Ended {
    fn all(&self) -> u64 {
        self.succeeded + self.failed
    }
}

/// What is remembered of an instance.
#[derive(Clone, Copy, Debug, Default)]
struct Ejections {
    /// How often it was ejected, less for each interval in which it was not.
    multiplier: u32,
    since: Option<Instant>,
}

/// Ejects instances of the target, and lets them back, until this is dropped.
pub(super) async fn run(config: OutlierDetection, instances: Arc<Instances>) {
    let mut ejections: HashMap<u64, Ejections> = HashMap::new();
    loop {
        sleep(config.interval).await;
        let ended: Vec<Ended> = instances
            .take_stats()
            .into_iter()
            .map(|(id, (succeeded, failed))| Ended {
                id,
                succeeded,
                failed,
            })
            .collect();
        ejections.retain(|id, _| ended.iter().any(|one| one.id == *id));
        let now = Instant::now();
        for id in outliers(&config, &ended) {
            let count = ejections.values().filter(|one| one.since.is_some()).count();
            if count * 100 >= config.max_ejection_percent * ended.len() && count > 0 {
                break;
            }
            let ejection = ejections.entry(id).or_default();
            if ejection.since.is_none() {
                ejection.multiplier += 1;
                ejection.since = Some(now);
                instances.set_ejected(id, true);
            }
        }
        for (id, ejection) in &mut ejections {
            match ejection.since {
                None => ejection.multiplier = ejection.multiplier.saturating_sub(1),
                Some(since) => {
                    let most = config.max_ejection_time.max(config.base_ejection_time);
                    let time = config
                        .base_ejection_time
                        .saturating_mul(ejection.multiplier);
                    if now.saturating_duration_since(since) >= time.min(most) {
                        ejection.since = None;
                        instances.set_ejected(*id, false);
                    }
                }
            }
        }
    }
}

/// Those that are to be ejected.
fn outliers(config: &OutlierDetection, ended: &[Ended]) -> Vec<u64> {
    let mut found = Vec::new();
    if let Some(config) = &config.success_rate {
        let enough = enough(ended, config.request_volume, config.minimum_hosts);
        let rate = |one: &Ended| one.succeeded as f64 / one.all() as f64;
        let count = enough.len().max(1) as f64;
        let mean = enough.iter().map(rate).sum::<f64>() / count;
        let squares = enough.iter().map(|one| (rate(one) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        let least = mean - deviation * (config.stdev_factor as f64 / 1000.0);
        found.extend(
            enough
                .iter()
                .filter(|one| rate(one) < least)
                .map(|one| one.id),
        );
    }
    if let Some(config) = &config.failure_percentage {
        let enough = enough(ended, config.request_volume, config.minimum_hosts);
        let is_over = |one: &&Ended| one.failed * 100 > config.threshold * one.all();
        found.extend(enough.iter().filter(is_over).map(|one| one.id));
    }
    found.dedup();
    found
}

/// Those with enough calls, if there are enough of them.
fn enough(ended: &[Ended], request_volume: u64, minimum_hosts: usize) -> Vec<Ended> {
    let enough = ended.iter().filter(|one| one.all() >= request_volume);
    let enough: Vec<Ended> = enough.copied().collect();
    match enough.len() < minimum_hosts {
        true => Vec::new(),
        false => enough,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::{FailurePercentage, SuccessRate};

    fn ended(calls: &[(u64, u64)]) -> Vec<Ended> {
        let each = calls.iter().zip(0..);
        each.map(|((succeeded, failed), id)| Ended {
            id,
            succeeded: *succeeded,
            failed: *failed,
        })
        .collect()
    }

    fn config() -> OutlierDetection {
        OutlierDetection {
            interval: Duration::from_secs(10),
            base_ejection_time: Duration::from_secs(30),
            max_ejection_time: Duration::from_secs(300),
            max_ejection_percent: 10,
            failure_percentage: None,
            success_rate: None,
        }
    }

    #[test]
    fn too_many_failures_make_an_outlier_among_enough_instances_with_enough_calls() {
        let mut config = config();
        config.failure_percentage = Some(FailurePercentage {
            threshold: 85,
            minimum_hosts: 3,
            request_volume: 20,
        });
        let of = |calls: &[(u64, u64)]| outliers(&config, &ended(calls));
        assert_eq!(of(&[(20, 0), (20, 0), (2, 18)]), [2]);
        assert_eq!(of(&[(20, 0), (20, 0), (3, 17)]), [0; 0], "85 percent");
        assert_eq!(of(&[(20, 0), (20, 0), (0, 19)]), [0; 0], "too few calls");
        assert_eq!(of(&[(20, 0), (0, 20)]), [0; 0], "too few instances");
    }

    #[test]
    fn a_success_rate_far_below_the_mean_makes_an_outlier() {
        let mut config = config();
        config.success_rate = Some(SuccessRate {
            stdev_factor: 1900,
            minimum_hosts: 5,
            request_volume: 100,
        });
        let good = [(100, 0); 9];
        let of = |last: (u64, u64)| outliers(&config, &ended(&[&good[..], &[last]].concat()));
        assert_eq!(of((50, 50)), [9]);
        assert_eq!(of((50, 49)), [0; 0], "too few calls");
        assert_eq!(of((100, 0)), [0; 0]);
    }
}
