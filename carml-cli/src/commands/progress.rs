//! What is shown while bytes move: bars on a terminal, else a line now and then.

use std::{
    io::{IsTerminal as _, stderr},
    time::{Duration, Instant},
};

use indicatif::{
    DecimalBytes, HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle,
};

use super::output;

/// Between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);

/// The transfers of one command.
pub(crate) struct Progress {
    how: How,
}

enum How {
    Bars(MultiProgress),
    Lines,
    Nothing,
}

impl Progress {
    pub(crate) fn new(is_quiet: bool) -> Self {
        let how = if is_quiet {
            How::Nothing
        } else if stderr().is_terminal() {
            How::Bars(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
        } else {
            How::Lines
        };
        Self { how }
    }

    /// Shows one transfer. Drop it when that has ended.
    pub(crate) fn transfer(&self) -> Transfer {
        Transfer(match &self.how {
            How::Bars(bars) => Box::new(Bar(bars.add(bar()))),
            How::Lines => Box::new(Lines::new()),
            How::Nothing => Box::new(Nothing),
        })
    }
}

/// One transfer, as it is shown.
pub(crate) struct Transfer(Box<dyn Show>);

impl Transfer {
    /// It begins, or begins again, with what is there already.
    pub(crate) fn started(&mut self, name: &str, size: Option<u64>, at: u64) {
        self.0.started(name, size, at);
    }

    pub(crate) fn progress(&mut self, bytes: u64, size: Option<u64>) {
        self.0.progress(bytes, size);
    }

    /// A request is sent again.
    pub(crate) fn retry(&mut self, after: Duration, why: &str) {
        self.note(&format!("{why}; again in {}", HumanDuration(after)));
    }

    /// What happens instead of progress.
    pub(crate) fn note(&mut self, text: &str) {
        self.0.note(text);
    }
}

trait Show: Send {
    fn started(&mut self, _name: &str, _size: Option<u64>, _at: u64) {}

    fn progress(&mut self, _bytes: u64, _size: Option<u64>) {}

    fn note(&mut self, _text: &str) {}
}

struct Nothing;

impl Show for Nothing {}

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
    fn started(&mut self, name: &str, size: Option<u64>, at: u64) {
        let bar = &self.0;
        if let Some(size) = size {
            bar.set_length(size);
        }
        bar.set_message(last_part(name));
        bar.set_position(at);
        bar.reset_eta();
    }

    fn progress(&mut self, bytes: u64, _: Option<u64>) {
        self.0.set_position(bytes);
    }

    fn note(&mut self, text: &str) {
        self.0.set_message(text.to_owned());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Lines on standard error.
struct Lines {
    name: String,
    next: Instant,
}

impl Lines {
    fn new() -> Self {
        Self {
            name: String::new(),
            next: Instant::now() + PAUSE,
        }
    }

    fn print(&self, text: impl std::fmt::Display) {
        output::eprint(format_args!("{}: {text}", self.name.escape_debug()));
    }
}

impl Show for Lines {
    fn started(&mut self, name: &str, _: Option<u64>, _: u64) {
        name.clone_into(&mut self.name);
    }

    fn progress(&mut self, bytes: u64, size: Option<u64>) {
        if Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + PAUSE;
        let bytes = DecimalBytes(bytes);
        match size {
            Some(size) => self.print(format_args!("{bytes} of {}", DecimalBytes(size))),
            None => self.print(bytes),
        }
    }

    fn note(&mut self, text: &str) {
        if !self.name.is_empty() {
            self.print(text);
        }
    }
}

/// The last part of a URL or a key.
fn last_part(name: &str) -> String {
    let last = name.trim_end_matches('/').rsplit('/').next();
    last.unwrap_or(name).escape_debug().to_string()
}
