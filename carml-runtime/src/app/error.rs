//! Why a service did not start, or did not stop cleanly.

use std::{error::Error, fmt, io, time::Duration};

use carml_diagnostic::Report;

use crate::{config, kv};

/// Why a service did not start, or did not stop cleanly.
///
/// A factory returns one with `?` from most errors, or makes one:
///
/// ```
/// use carml_runtime::AppError;
///
/// fn limit(text: &str) -> Result<u32, AppError> {
///     match text.parse() {
///         Ok(0) => Err("the limit must not be 0".into()),
///         Ok(limit) => Ok(limit),
///         Err(error) => Err(AppError::new(error)),
///     }
/// }
/// assert_eq!(limit("0").unwrap_err().to_string(), "the limit must not be 0");
/// assert!(limit("ten").is_err());
/// ```
///
/// One that names a line of the config comes from [`Context::error_at`](crate::Context::error_at).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// The command line is wrong.
    #[error("{0}")]
    Arguments(String),
    /// The config is invalid: every error with its place.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The config requires something that this service, or this build, cannot do.
    #[error("{0}")]
    Refused(Report),
    /// A factory asked for the store, and the config has none.
    #[error(
        "a service uses the key/value store, but the config has no section `registry`: add `registry:` with `provider: redb`"
    )]
    StoreNotConfigured,
    /// A factory asked for a store, which `--check` does not open.
    #[error("the store is not open: `--check` does not open it")]
    StoreNotOpen,
    /// A factory asked for the object store, and the config has none.
    #[cfg(feature = "store")]
    #[error(
        "a service uses the object store, but the config has no section `store`: add `store:` with `path: objects`"
    )]
    ObjectStoreNotConfigured,
    /// The object store could not be opened.
    #[cfg(feature = "store")]
    #[error("{report}")]
    ObjectStore {
        /// What was tried, with the place in the config.
        report: Report,
        /// What the store said.
        source: Box<crate::store::Error>,
    },
    /// A factory asked for the download manager, which `--check` does not open.
    #[cfg(feature = "download")]
    #[error("the download manager is not open: `--check` does not open it")]
    DownloadsNotOpen,
    /// A factory read a section that the app does not have.
    #[error(
        "a service reads the section `{0}`, which the app does not have: add `.section::<…>()` to the app"
    )]
    SectionNotRegistered(&'static str),
    /// The store could not be opened.
    #[error("{report}")]
    Store {
        /// What was tried, with the place in the config.
        report: Report,
        /// What the store said.
        source: Box<kv::Error>,
    },
    /// The address could not be bound.
    #[error("{report}")]
    Bind {
        /// What was tried, with the place in the config.
        report: Report,
        /// What the system said.
        source: io::Error,
    },
    /// The process cannot handle SIGTERM and SIGINT.
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    /// The requested output could not be written.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// Calls were still in flight at the deadline of the drain, and were cut off.
    #[error("calls were still in flight {0:?} after the drain began, and were cut off")]
    Deadline(Duration),
    /// A second signal, or a second stop request, ended the drain: calls were cut off.
    #[error("stopped before the drain was over: calls that were in flight were cut off")]
    ForcedShutdown,
    /// A factory failed.
    #[error("the service `{service}` cannot be created: {source}")]
    Factory {
        /// The service's full name in its proto file.
        service: &'static str,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A reason of the service's own.
    #[error("{0}")]
    Custom(Box<dyn Error + Send + Sync>),
    /// Several factories failed.
    #[error("{}", Several(.0))]
    Several(Vec<AppError>),
}

impl AppError {
    /// The exit code of a process that ends with an error, whichever it is.
    pub(super) const EXIT_CODE: u8 = 1;

    /// Whether calls were cut off that may still run.
    pub(super) fn leaves_calls(&self) -> bool {
        matches!(self, Self::Deadline(_) | Self::ForcedShutdown)
    }

    /// Whether a factory asked for what a check does not open.
    pub(super) fn is_not_open(&self) -> bool {
        match self {
            Self::StoreNotOpen => true,
            #[cfg(feature = "download")]
            Self::DownloadsNotOpen => true,
            _ => false,
        }
    }

    /// An error from any other one, or from a text.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Custom(error.into())
    }

    /// An error from what can be shown.
    pub fn msg(message: impl fmt::Display) -> Self {
        Self::new(message.to_string())
    }

    /// The report, if the error is one with places in the config.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Config(error) => Some(error.report()),
            Self::Refused(report) | Self::Store { report, .. } | Self::Bind { report, .. } => {
                Some(report)
            }
            #[cfg(feature = "store")]
            Self::ObjectStore { report, .. } => Some(report),
            _ => None,
        }
    }

    /// One of several, if there are more.
    pub(super) fn join(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Self::Several(errors)),
        }
    }

    /// As [`App::run`](crate::App::run) prints it: a report begins with `error` by itself.
    pub(super) fn print(&self) {
        eprintln!("{}", Printed(self).to_string().trim_end());
    }
}

struct Printed<'a>(&'a AppError);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            AppError::Several(errors) => Several(errors).fmt(f),
            error if error.report().is_some() => error.fmt(f),
            error => write!(f, "error: {error}"),
        }
    }
}

struct Several<'a>(&'a [AppError]);

impl fmt::Display for Several<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(Printed(error).to_string().trim_end())?;
        }
        Ok(())
    }
}

impl From<kv::Error> for AppError {
    fn from(error: kv::Error) -> Self {
        Self::new(error)
    }
}

impl From<io::Error> for AppError {
    fn from(error: io::Error) -> Self {
        Self::new(error)
    }
}

impl From<String> for AppError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for AppError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<Box<dyn Error + Send + Sync>> for AppError {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::Custom(error)
    }
}

impl From<Report> for AppError {
    fn from(report: Report) -> Self {
        Self::Refused(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_an_error_and_only_printing_adds_the_word() {
        let error = AppError::msg(format_args!("no {}", "luck"));
        assert_eq!(error.to_string(), "no luck");
        assert_eq!(Printed(&error).to_string(), "error: no luck");
        let text: AppError = "no luck".into();
        let string: AppError = "no luck".to_owned().into();
        assert_eq!(text.to_string(), string.to_string());
        for error in [
            AppError::StoreNotConfigured,
            AppError::ForcedShutdown,
            AppError::Deadline(Duration::from_secs(1)),
        ] {
            assert!(!error.to_string().starts_with("error"), "{error}");
        }
        let several = AppError::Several(vec!["one".into(), "two".into()]);
        assert_eq!(several.to_string(), "error: one\n\nerror: two");
    }
}
