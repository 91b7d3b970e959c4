//! Destinations besides standard output: one thread for all of them, with a task each.

#[cfg(feature = "elastic-search")]
mod elastic_search;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(any(feature = "syslog", feature = "http"))]
mod run;
#[cfg(feature = "spans")]
mod spans;
#[cfg(feature = "syslog")]
mod syslog;
#[cfg(feature = "zipkin")]
mod zipkin;

use std::{cell::Cell, future::Future, pin::Pin, sync::Arc, thread};

#[cfg(feature = "spans")]
use carml_config::model::TracerProvider;
use carml_config::{Config, model::LoggerHook};
#[cfg(feature = "spans")]
use tracing::Subscriber;
#[cfg(feature = "spans")]
use tracing_subscriber::{Layer, filter::FilterFn, registry::LookupSpan};

use crate::{Error, hooks::Named, queue::Queue};

thread_local! {
    static IS_HOOK_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is the thread that sends to destinations.
pub(crate) fn is_hook_thread() -> bool {
    IS_HOOK_THREAD.try_with(Cell::get).unwrap_or(false)
}

/// The name of this machine.
#[cfg(any(feature = "syslog", feature = "elastic-search", feature = "otlp"))]
fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the config lists, ready to run.
pub(crate) struct Sinks {
    /// Queues of log lines.
    lines: Vec<Named>,
    tasks: Vec<Task>,
    /// The queue of finished spans, and what makes them.
    #[cfg(feature = "spans")]
    spans: Option<(Named, spans::Tracer)>,
}

impl Sinks {
    pub(crate) fn new(config: &Config, queue: impl Fn() -> Arc<Queue>) -> Result<Self, Error> {
        let mut sinks = Self {
            lines: Vec::new(),
            tasks: Vec::new(),
            #[cfg(feature = "spans")]
            spans: None,
        };
        for hook in &config.logger.hooks {
            let queue = queue();
            if let Some(task) = task(*hook, config, &queue)? {
                sinks.lines.push((name(*hook), queue));
                sinks.tasks.push(task);
            }
        }
        #[cfg(feature = "spans")]
        if config.tracer.enabled {
            let queue = queue();
            if let Some(exporter) = exporter(config, &queue)? {
                let ratio = config.tracer.sample_ratio;
                let tracer = spans::Tracer::new(ratio, Arc::clone(&queue), exporter.encode);
                sinks.tasks.push(exporter.task);
                sinks.spans = Some(((exporter.name, queue), tracer));
            }
        }
        Ok(sinks)
    }

    /// The queues of the log hooks.
    pub(crate) fn lines(&self) -> Vec<Arc<Queue>> {
        self.lines
            .iter()
            .map(|(_, queue)| Arc::clone(queue))
            .collect()
    }

    /// The layer that makes spans, if they are exported.
    #[cfg(feature = "spans")]
    pub(crate) fn spans<S>(&self) -> Option<impl Layer<S> + Send + Sync + use<S>>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let (_, tracer) = self.spans.as_ref()?;
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer.tracer())
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        // The line of a call has nothing that its span does not have.
        Some(layer.with_filter(FilterFn::new(|metadata| {
            metadata.is_span() || metadata.target() != "carml::rpc"
        })))
    }

    /// Starts the thread, if anything is sent; the queues to flush at the end.
    pub(crate) fn spawn(self) -> Result<Vec<Named>, Error> {
        #[cfg(feature = "spans")]
        let spans = self.spans.map(|(queue, _)| queue);
        #[cfg(not(feature = "spans"))]
        let spans = None;
        let queues = self.lines.into_iter().chain(spans).collect();
        if self.tasks.is_empty() {
            return Ok(queues);
        }
        let failed = |error| Error::new("the log hooks", error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let tasks = self.tasks;
        thread::Builder::new()
            .name("carml-log-hooks".to_owned())
            .spawn(move || {
                IS_HOOK_THREAD.set(true);
                runtime.block_on(async move {
                    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
                    for task in tasks {
                        // A panic is one of this task alone, and was printed.
                        let _ = task.await;
                    }
                });
            })
            .map_err(failed)?;
        Ok(queues)
    }
}

/// As the config has it.
fn name(hook: LoggerHook) -> &'static str {
    match hook {
        LoggerHook::Syslog => "syslog",
        LoggerHook::ElasticSearch => "elastic_search",
    }
}

/// The task of a hook. The config was refused before if the hook is not in this build.
#[cfg_attr(
    not(any(feature = "syslog", feature = "elastic-search")),
    expect(
        unused_variables,
        clippy::unnecessary_wraps,
        reason = "no hook is in this build"
    )
)]
fn task(hook: LoggerHook, config: &Config, queue: &Arc<Queue>) -> Result<Option<Task>, Error> {
    match hook {
        #[cfg(feature = "syslog")]
        LoggerHook::Syslog => {
            let sink = syslog::Syslog::new(config)?;
            Ok(Some(Box::pin(run::run(Arc::clone(queue), sink))))
        }
        #[cfg(feature = "elastic-search")]
        LoggerHook::ElasticSearch => match &config.logger.elastic_search {
            Some(settings) => {
                let sink = elastic_search::ElasticSearch::new(&config.app, settings)?;
                Ok(Some(Box::pin(run::run(Arc::clone(queue), sink))))
            }
            None => Ok(None),
        },
        #[allow(unreachable_patterns, reason = "every hook may be in the build")]
        _ => Ok(None),
    }
}

/// What sends spans to a collector.
#[cfg(feature = "spans")]
struct Exporter {
    /// As the config has it.
    name: &'static str,
    task: Task,
    encode: spans::Encode,
}

/// The exporter of the tracer's provider. The config was refused before if it is not in this build.
#[cfg(feature = "spans")]
fn exporter(config: &Config, queue: &Arc<Queue>) -> Result<Option<Exporter>, Error> {
    let queue = Arc::clone(queue);
    Ok(Some(match config.tracer.provider {
        #[cfg(feature = "zipkin")]
        TracerProvider::Zipkin => Exporter {
            name: "zipkin",
            task: Box::pin(run::run(queue, zipkin::Zipkin::new(&config.tracer)?)),
            encode: zipkin::encode(config),
        },
        #[cfg(feature = "otlp")]
        TracerProvider::Otlp => Exporter {
            name: "otlp",
            task: Box::pin(run::run(queue, otlp::Otlp::new(config)?)),
            encode: otlp::encode(),
        },
        #[allow(unreachable_patterns, reason = "every provider may be in the build")]
        _ => return Ok(None),
    }))
}
