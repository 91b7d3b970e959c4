//! What the process counts and measures, in the text format of Prometheus.
//!
//! Whoever counts keeps atomics of its own, made at start, and registers a [`Source`] that writes
//! them down when somebody asks.

mod exposition;
mod histogram;
mod process;
mod timings;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

pub use exposition::{Exposition, Family, Kind};
pub use histogram::{Histogram, Reading};
pub use timings::Timings;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What writes numbers down when somebody asks.
pub trait Source: Send + Sync + 'static {
    /// Writes whole families: no other source has one of the same name.
    fn write(&self, out: &mut Exposition);
}

impl<F: Fn(&mut Exposition) + Send + Sync + 'static> Source for F {
    fn write(&self, out: &mut Exposition) {
        self(out);
    }
}

/// The sources of one service. Cheap to clone.
///
/// # Examples
///
/// ```
/// use carml_telemetry::metrics::{Exposition, Kind, Metrics};
///
/// let metrics = Metrics::default();
/// metrics.register(|out: &mut Exposition| {
///     out.family("workers", Kind::Gauge, "Threads that work.").value(&[], 4.0);
/// });
/// assert!(metrics.text().starts_with("# HELP workers Threads that work.\n# TYPE workers gauge\nworkers 4\n"));
/// ```
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<Vec<Arc<dyn Source>>>>);

impl Metrics {
    /// Adds what one part of the process counts.
    pub fn register(&self, source: impl Source) {
        self.sources().push(Arc::new(source));
    }

    /// Everything now, with what the system knows of the process.
    pub fn text(&self) -> String {
        // Not under the lock: a source may take long.
        let sources = self.sources().clone();
        let mut out = Exposition::default();
        for source in sources {
            source.write(&mut out);
        }
        crate::hooks::write(&mut out);
        process::write(&mut out);
        out.into_text()
    }

    fn sources(&self) -> std::sync::MutexGuard<'_, Vec<Arc<dyn Source>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Metrics")
            .field(&self.sources().len())
            .finish()
    }
}
