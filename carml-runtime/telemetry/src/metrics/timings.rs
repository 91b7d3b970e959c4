//! Durations of calls, by what they are and how they ended.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{Family, Histogram};

/// The labels that tell the durations of one family apart: names of the program, never of a caller.
type Labels = Vec<(&'static str, &'static str)>;

/// A histogram for each set of labels that has occurred.
#[derive(Debug, Default)]
pub struct Timings(RwLock<BTreeMap<Labels, Arc<Histogram>>>);

impl Timings {
    /// Counts one. There must be few sets of labels.
    pub fn observe(&self, labels: &[(&'static str, &'static str)], duration: Duration) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(histogram) = known.get(labels) {
            return histogram.observe(duration);
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(labels.to_vec()).or_default().observe(duration);
    }

    /// Writes all of them.
    pub fn write(&self, family: &mut Family<'_>) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for (labels, histogram) in &*known {
            family.histogram(labels, &histogram.read());
        }
    }
}
