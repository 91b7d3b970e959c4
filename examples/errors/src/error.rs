//! The errors of the service, and the one place that turns them into statuses.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

/// The domain of `ErrorInfo`: unique to this service, and never changed.
const DOMAIN: &str = "accounts.example.com";

/// Why an account was not opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request are wrong.
    #[error("{} fields are invalid", .0.len())]
    Invalid(Vec<FieldViolation>),
    /// The email address is in use.
    #[error("there is an account with this email address")]
    Taken,
    /// Too many accounts in a short time.
    #[error("too many accounts: try again later")]
    TooMany {
        /// How long the caller should wait.
        retry_after: Duration,
    },
    /// The database failed: the caller must not see how.
    #[error("internal error")]
    Database(#[source] std::io::Error),
}

impl From<Error> for Status {
    fn from(error: Error) -> Status {
        let text = error.to_string();
        match error {
            Error::Invalid(fields) => {
                let details = ErrorDetails::with_bad_request(fields);
                Status::with_error_details(Code::InvalidArgument, text, details)
            }
            Error::Taken => {
                let details = ErrorDetails::with_error_info("EMAIL_TAKEN", DOMAIN, HashMap::new());
                Status::with_error_details(Code::AlreadyExists, text, details)
            }
            Error::TooMany { retry_after } => {
                let details = ErrorDetails::with_retry_info(Some(retry_after));
                Status::with_error_details(Code::ResourceExhausted, text, details)
            }
            Error::Database(cause) => {
                tracing::error!(%cause, "the database failed");
                Status::internal(text)
            }
        }
    }
}
