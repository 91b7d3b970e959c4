//! Destinations besides standard output: one thread for all of them, with a task each.

#[cfg(feature = "elastic-search")]
mod elastic_search;
#[cfg(any(feature = "syslog", feature = "http"))]
mod run;
#[cfg(feature = "syslog")]
mod syslog;
#[cfg(feature = "zipkin")]
mod zipkin;

use std::{cell::Cell, future::Future, pin::Pin, sync::Arc, thread};

use carml_config::{Config, model::LoggerHook};

#[cfg(feature = "zipkin")]
use tracing::Subscriber;
#[cfg(feature = "zipkin")]
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
#[cfg(any(feature = "syslog", feature = "elastic-search"))]
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
    #[cfg(feature = "zipkin")]
    spans: Option<(Arc<Queue>, zipkin::Tracer)>,
}

impl Sinks {
    pub(crate) fn new(config: &Config, queue: impl Fn() -> Arc<Queue>) -> Result<Self, Error> {
        let mut sinks = Self {
            lines: Vec::new(),
            tasks: Vec::new(),
            #[cfg(feature = "zipkin")]
            spans: None,
        };
        for hook in &config.logger.hooks {
            let queue = queue();
            if let Some(task) = task(*hook, config, &queue)? {
                sinks.lines.push((name(*hook), queue));
                sinks.tasks.push(task);
            }
        }
        #[cfg(feature = "zipkin")]
        if config.tracer.enabled {
            let queue = queue();
            let sink = zipkin::Zipkin::new(&config.tracer)?;
            sinks
                .tasks
                .push(Box::pin(run::run(Arc::clone(&queue), sink)));
            let tracer = zipkin::Tracer::new(
                &crate::app_name(&config.app),
                &config.tracer,
                Arc::clone(&queue),
            );
            sinks.spans = Some((queue, tracer));
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
    #[cfg(feature = "zipkin")]
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
        #[cfg(feature = "zipkin")]
        let spans = self.spans.map(|(queue, _)| ("zipkin", queue));
        #[cfg(not(feature = "zipkin"))]
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
