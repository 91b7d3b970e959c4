//! Where events go: readable text on a terminal, JSON lines otherwise.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{
    Config,
    model::{Color, Format},
};

/// Sets the process's subscriber, unless there is one already: then that one is kept.
///
/// `RUST_LOG` wins over `app.verbose`. The transport's own events are warnings and above.
pub(crate) fn init(config: &Config) {
    let level = if config.app.verbose { "debug" } else { "info" };
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{level},h2=warn,hyper=warn,tower=warn")));
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
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter);
    // Fails if the embedder has set one.
    let _ = if pretty {
        subscriber.with_ansi(color).try_init()
    } else {
        subscriber.json().with_span_list(false).try_init()
    };
}
