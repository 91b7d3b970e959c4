//! Why certificates cannot be used.

use std::fmt;

use carml_config::Loaded;
use carml_diagnostic::Report;

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The key of the section that names the file, or is wrong itself.
    pub(crate) key: &'static str,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Why certificates cannot be used: every reason at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals(pub(crate) Vec<Refusal>);

impl Refusals {
    /// Each reason at its line of the config; `section` is the pointer of the keys.
    pub fn report(&self, loaded: &Loaded, section: &str) -> Report {
        let mut report = Report::new();
        for Refusal { key, message, help } in &self.0 {
            report.extend(loaded.error_at(&format!("{section}/{key}"), message, [help]));
        }
        report
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, refusal) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "; " };
            write!(f, "{comma}{}", refusal.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusals {}
