//! The argument that sets the format of a report, shared by several commands.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use carml_diagnostic::Report;

use super::{COULD_NOT_RUN, INVALID_INPUT, output};

/// The form of a report.
#[derive(clap::Args)]
pub(crate) struct ReportArgs {
    /// The format of the report
    #[arg(long, value_enum, default_value_t = Style::Human)]
    format: Style,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Style {
    /// Excerpts for people
    Human,
    /// One JSON array
    Json,
    /// GitHub workflow annotations
    Github,
}

/// What a run found.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) report: Report,
    /// Whether something could not be read at all.
    pub(crate) unreadable: bool,
}

impl ReportArgs {
    /// Whether people read it.
    pub(crate) fn human(&self) -> bool {
        self.format == Style::Human
    }

    /// Writes what was found, then `done` if there is no error; the exit code.
    pub(crate) fn write(&self, found: &Findings, done: &str) -> ExitCode {
        let report = &found.report;
        let written = match self.format {
            Style::Human => {
                let text = report.human(std::io::stderr().is_terminal());
                if !text.is_empty() {
                    output::eprint(text.strip_suffix('\n').unwrap_or(&text));
                }
                ExitCode::SUCCESS
            }
            Style::Json => output::print(format_args!("{}\n", report.json())),
            Style::Github => output::print(report.github()),
        };
        let warnings = match report.warnings() {
            0 => String::new(),
            count => format!(", {}", counted(count, "warning")),
        };
        if report.errors() > 0 {
            if self.human() {
                let errors = counted(report.errors(), "error");
                output::eprint(format_args!("{errors}{warnings}"));
            }
            return ExitCode::from(if found.unreadable {
                COULD_NOT_RUN
            } else {
                INVALID_INPUT
            });
        }
        if self.human() {
            return output::print(format_args!("{done}{warnings}\n"));
        }
        written
    }
}

/// `1 error`, `2 errors`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
