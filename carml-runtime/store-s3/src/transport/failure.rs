//! Why a request failed, and what that means.

use std::{error::Error as _, fmt, time::Duration};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;

/// A request that failed for good.
#[derive(Debug)]
pub(crate) struct Failure {
    /// As S3 calls it: `PutObject`.
    pub(crate) op: &'static str,
    /// The reason of the last attempt.
    pub(crate) cause: Cause,
    /// Whether the service may have done what was asked for, in any attempt.
    pub(crate) is_ambiguous: bool,
    /// The pause that the service asked for, if it is longer than the config allows.
    pub(crate) gave_up: Option<Duration>,
}

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) enum Cause {
    /// There was no connection: nothing was sent.
    Unsent(String),
    /// There was no answer, or a part of one.
    Answer(String),
    /// The answer ended early.
    Cut(String),
    /// The answer has another range than was asked for.
    Range(String),
    /// The service refused.
    Status(Refusal),
}

/// An answer that says why.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// S3's name for it; empty without a body.
    pub(crate) code: String,
    pub(crate) message: String,
    retry_after: Option<Duration>,
}

impl Failure {
    /// Of one attempt.
    pub(crate) fn of(op: &'static str, cause: Cause) -> Self {
        Self {
            op,
            is_ambiguous: cause.may_have_applied(),
            cause,
            gave_up: None,
        }
    }
}

impl Cause {
    pub(super) fn sending(error: &reqwest::Error) -> Self {
        let why = reason(error);
        if error.is_connect() || error.is_builder() {
            return Self::Unsent(why);
        }
        Self::Answer(why)
    }

    pub(super) fn cut(error: &reqwest::Error) -> Self {
        Self::Cut(reason(error))
    }

    pub(super) fn silent(limit: Duration) -> Self {
        Self::Answer(format!("no byte moved for {limit:?}"))
    }

    pub(super) fn status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let details: Details = std::str::from_utf8(body)
            .ok()
            .and_then(|text| quick_xml::de::from_str(text).ok())
            .unwrap_or_default();
        Self::Status(Refusal {
            status: status.as_u16(),
            code: details.code,
            message: details.message,
            retry_after: retry_after(headers),
        })
    }

    /// Whether the service may have done what was asked for.
    pub(super) fn may_have_applied(&self) -> bool {
        match self {
            Self::Unsent(_) | Self::Range(_) => false,
            Self::Answer(_) | Self::Cut(_) => true,
            Self::Status(refusal) => matches!(refusal.status, 200 | 500 | 502 | 504),
        }
    }

    /// The pause that the service asks for.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// Whether the service says when to come again.
    pub(crate) fn asks_for_a_pause(&self) -> bool {
        self.retry_after().is_some()
    }

    /// Whether the same request may succeed. Every request of the store can be repeated: a write
    /// that was applied after all is recognized.
    pub(super) fn can_be_repeated(&self, op: &str) -> bool {
        let refusal = match self {
            Self::Unsent(_) | Self::Answer(_) | Self::Cut(_) => return true,
            Self::Range(_) => return false,
            Self::Status(refusal) => refusal,
        };
        match refusal.code.as_str() {
            "InternalError" | "SlowDown" | "RequestTimeout" | "ServiceUnavailable"
            | "TooManyRequests" => true,
            // Another conditional write is in progress. A completed upload cannot be repeated.
            "ConditionalRequestConflict" | "OperationAborted" => op == "PutObject",
            _ => matches!(refusal.status, 408 | 429 | 500 | 502 | 503 | 504),
        }
    }
}

/// The error that an answer with the status 200 can have, or that there is none.
pub(super) fn check_completion(headers: &HeaderMap, body: &[u8]) -> Result<(), Cause> {
    let text = String::from_utf8_lossy(body);
    if text.contains("</CompleteMultipartUploadResult>") {
        return Ok(());
    }
    if text.contains("<Error>") {
        return Err(Cause::status(StatusCode::OK, headers, body));
    }
    let why = "the upload was completed with an answer that does not say so";
    Err(Cause::Answer(why.to_owned()))
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Details {
    code: String,
    message: String,
}

/// `Retry-After` in seconds; a date is not used by S3.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// The innermost reason, without the address: its query may have a signature.
fn reason(error: &reqwest::Error) -> String {
    let mut reason = None;
    let mut source = error.source();
    while let Some(inner) = source {
        reason = Some(inner.to_string());
        source = inner.source();
    }
    reason.unwrap_or_else(|| "the request failed".to_owned())
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent(why) => write!(f, "there is no connection: {why}"),
            Self::Answer(why) => write!(f, "there is no answer: {why}"),
            Self::Cut(why) => write!(f, "the answer ended early: {why}"),
            Self::Range(why) => write!(f, "the service ignored the range: {why}"),
            Self::Status(refusal) => {
                write!(f, "the service answered {}", refusal.status)?;
                if !refusal.code.is_empty() {
                    write!(f, " {}", refusal.code)?;
                }
                if !refusal.message.is_empty() {
                    write!(f, ": {}", refusal.message)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)?;
        if let Some(pause) = self.gave_up {
            write!(
                f,
                "; it asks to wait {pause:?}, which is more than `retry.max_wait`"
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for opendal_core::Error {
    fn from(failure: Failure) -> Self {
        let kind = opendal_core::ErrorKind::Unexpected;
        Self::new(kind, failure.to_string()).set_source(failure)
    }
}
