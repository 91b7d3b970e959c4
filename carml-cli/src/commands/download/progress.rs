//! What is shown while files arrive: bars on a terminal, else a line now and then.

use std::{
    io::{IsTerminal as _, stderr},
    time::{Duration, Instant},
};

use carml_runtime::download::{Event, EventReceiver};
use indicatif::{
    DecimalBytes, HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle,
};

use crate::commands::output;

/// Between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    how: How,
}

enum How {
    Bars(MultiProgress),
    Lines,
    Nothing,
}

impl Progress {
    pub(super) fn new(is_quiet: bool) -> Self {
        let how = if is_quiet {
            How::Nothing
        } else if stderr().is_terminal() {
            How::Bars(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
        } else {
            How::Lines
        };
        Self { how }
    }

    /// Shows one download, until it ends.
    pub(super) async fn follow(&self, mut events: EventReceiver) {
        let mut shown: Box<dyn Show> = match &self.how {
            How::Bars(bars) => Box::new(Bar(bars.add(bar()))),
            How::Lines => Box::new(Lines::new()),
            How::Nothing => Box::new(Nothing),
        };
        while let Some(event) = events.next().await {
            shown.event(event);
        }
        shown.end();
    }
}

trait Show: Send {
    fn event(&mut self, event: Event);

    fn end(&mut self) {}
}

struct Nothing;

impl Show for Nothing {
    fn event(&mut self, _: Event) {}
}

struct Bar(ProgressBar);

fn bar() -> ProgressBar {
    const TEMPLATE: &str = "{msg:30!} {wide_bar} {decimal_bytes:>10}/{decimal_total_bytes:10} \
                            {decimal_bytes_per_sec:>12} {eta:>4}";
    let style = ProgressStyle::with_template(TEMPLATE);
    let bar = ProgressBar::no_length();
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl Show for Bar {
    fn event(&mut self, event: Event) {
        let bar = &self.0;
        match event {
            Event::Started { url, size, resumed } => {
                if let Some(size) = size {
                    bar.set_length(size);
                }
                bar.set_message(name(&url));
                bar.set_position(resumed);
                bar.reset_eta();
            }
            Event::Progress { received, .. } => bar.set_position(received),
            other => {
                if let Some(text) = words(&other) {
                    bar.set_message(text);
                }
            }
        }
    }

    fn end(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Lines on standard error.
struct Lines {
    url: String,
    next: Instant,
}

impl Lines {
    fn new() -> Self {
        Self {
            url: String::new(),
            next: Instant::now() + PAUSE,
        }
    }

    fn print(&self, text: impl std::fmt::Display) {
        output::eprint(format_args!("{}: {text}", self.url.escape_debug()));
    }
}

impl Show for Lines {
    fn event(&mut self, event: Event) {
        match event {
            Event::Started { url, .. } => self.url = url,
            Event::Progress { received, size } if Instant::now() >= self.next => {
                self.next = Instant::now() + PAUSE;
                let received = DecimalBytes(received);
                match size {
                    Some(size) => self.print(format_args!("{received} of {}", DecimalBytes(size))),
                    None => self.print(received),
                }
            }
            other => {
                if let Some(text) = words(&other).filter(|_| !self.url.is_empty()) {
                    self.print(text);
                }
            }
        }
    }
}

/// What an event that is not about bytes says.
fn words(event: &Event) -> Option<String> {
    match event {
        Event::Waiting => Some("another process downloads it".to_owned()),
        Event::Retry { after, why } => Some(format!("{why}; again in {}", HumanDuration(*after))),
        Event::Restarted { why } => Some(format!("from the first byte again: {why}")),
        Event::Unpacking => Some("unpacking".to_owned()),
        _ => None,
    }
}

/// The last part of a URL.
fn name(url: &str) -> String {
    let name = url.trim_end_matches('/').rsplit('/').next().unwrap_or(url);
    name.escape_debug().to_string()
}
