//! The process's subscriber.

use std::{
    fmt,
    io::{self, IsTerminal as _},
    sync::Arc,
    time::{Duration, Instant},
};

use carml_config::{
    Config,
    model::{Color, Format},
};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, layer::SubscriberExt as _, registry::LookupSpan, util::SubscriberInitExt as _,
};

use crate::{
    hooks,
    level::{self, Level},
    line::Lines,
    queue::Queue,
    sink, stdout,
};

/// How long a flush may take.
const FLUSH: Duration = Duration::from_secs(2);

/// Why the log cannot be started.
#[derive(Debug)]
pub struct Error {
    what: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Error {
    pub(crate) fn new(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            what,
            source: source.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start {}: {}", self.what, self.source)
    }
}

impl std::error::Error for Error {}

/// Sets the process's subscriber, unless there is one already: then that one is kept.
///
/// `RUST_LOG` wins over `app.verbose`. The transport's own events are warnings and above.
///
/// # Errors
///
/// If a thread cannot be started, or a certificate of a hook cannot be used.
pub fn init(config: &Config) -> Result<(), Error> {
    if tracing::dispatcher::has_been_set() {
        return Ok(());
    }
    // The schema's limit fits.
    let max = usize::try_from(config.logger.queue).unwrap_or(usize::MAX);
    let queue = || Arc::new(Queue::new(max));
    let out = queue();
    let terminal = io::stdout().is_terminal();
    let pretty = match config.logger.format {
        Format::Auto => terminal,
        Format::Pretty => true,
        Format::Json => false,
    };
    let color = match config.app.color {
        Color::Auto => terminal,
        Color::Always => true,
        Color::Never => false,
    };
    let sinks = sink::Sinks::new(config, queue)?;
    let text = pretty.then(|| {
        tracing_subscriber::fmt::layer()
            .with_ansi(color)
            .with_writer(stdout::Events(Arc::clone(&out)))
    });
    let stdout = (!pretty).then(|| Arc::clone(&out));
    let hooks = sinks.lines();
    let lines = (stdout.is_some() || !hooks.is_empty()).then_some(Lines { stdout, hooks });
    let level = Level::new(filter(config)?);
    let subscriber = tracing_subscriber::registry()
        .with(level.clone())
        .with(text)
        .with(lines);
    #[cfg(feature = "spans")]
    let subscriber = subscriber.with(sinks.spans());
    if subscriber.try_init().is_err() {
        // The embedder set one at the same time.
        return Ok(());
    }
    level.install();
    stdout::spawn(Arc::clone(&out)).map_err(|error| Error::new("the log", error))?;
    let mut queues = sinks.spawn()?;
    queues.push(("stdout", out));
    hooks::set(queues);
    Ok(())
}

fn filter(config: &Config) -> Result<EnvFilter, Error> {
    let level = if config.app.verbose { "debug" } else { "info" };
    EnvFilter::try_from_default_env().or_else(|_| level::filter(level))
}

/// Waits until every line is written, for at most two seconds: before the process ends.
///
/// Lines that are logged later are written too, unless the process ends before.
pub fn flush() {
    let until = Instant::now() + FLUSH;
    hooks::queues().for_each(|queue| queue.close());
    // Standard output is the last: it has what the others say at their end.
    hooks::queues().for_each(|queue| queue.wait(until));
}

/// JSON lines for standard output, as [`init`] writes them, as a layer of a subscriber of your own:
/// for programs that combine it with other layers, and for measurements.
///
/// # Errors
///
/// If the thread that writes cannot be started.
///
/// # Examples
///
/// ```no_run
/// use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};
///
/// tracing_subscriber::registry().with(carml_telemetry::json_layer(8192)?).init();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn json_layer<S>(queue: usize) -> io::Result<impl Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let queue = Arc::new(Queue::new(queue));
    stdout::spawn(Arc::clone(&queue))?;
    Ok(Lines {
        stdout: Some(queue),
        hooks: Vec::new(),
    })
}
