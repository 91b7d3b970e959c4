//! What is logged, as it can be changed while the process runs.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tracing::{
    Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{EnvFilter, Layer, layer::Context, registry::LookupSpan};

use crate::Error;

/// What the transport's crates log: warnings and above.
const TRANSPORT: &str = "h2=warn,hyper=warn,tower=warn";

/// The filter of the process's log.
static CURRENT: OnceLock<Level> = OnceLock::new();

/// A filter that can be replaced. A call reads it without a lock.
#[derive(Clone)]
pub(crate) struct Level(Arc<ArcSwap<EnvFilter>>);

impl Level {
    pub(crate) fn new(filter: EnvFilter) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(filter)))
    }

    /// From now on this is the one of the process.
    pub(crate) fn install(self) {
        let _ = CURRENT.set(self);
    }
}

/// A filter of directives as `RUST_LOG` has them. A level alone is for everything but the
/// transport.
pub(crate) fn filter(directives: &str) -> Result<EnvFilter, Error> {
    let directives = directives.trim();
    let full = match directives.parse::<LevelFilter>() {
        Ok(level) => format!("{level},{TRANSPORT}"),
        Err(_) => directives.to_owned(),
    };
    EnvFilter::try_new(full).map_err(|error| Error::new("the log level", error))
}

/// What is logged, as directives of `RUST_LOG`; none if the log is not CarML's.
pub fn log_level() -> Option<String> {
    CURRENT.get().map(|level| level.0.load().to_string())
}

/// Changes what is logged, until the process ends: `debug`, or directives of `RUST_LOG`.
///
/// # Errors
///
/// Directives that cannot be read, and a log that is not CarML's.
pub fn set_log_level(directives: &str) -> Result<(), Error> {
    let filter = filter(directives)?;
    let level = CURRENT.get();
    let level = level.ok_or_else(|| Error::new("the log level", "the log is not CarML's"))?;
    level.0.store(Arc::new(filter));
    tracing::callsite::rebuild_interest_cache();
    Ok(())
}

impl<S> Layer<S> for Level
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        Layer::<S>::register_callsite(&**self.0.load(), metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        Layer::<S>::enabled(&**self.0.load(), metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<S>::max_level_hint(&**self.0.load())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        Layer::<S>::on_new_span(&**self.0.load(), attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        Layer::<S>::on_record(&**self.0.load(), id, values, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        Layer::<S>::on_enter(&**self.0.load(), id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        Layer::<S>::on_exit(&**self.0.load(), id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        Layer::<S>::on_close(&**self.0.load(), id, context);
    }
}
