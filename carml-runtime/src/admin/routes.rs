//! What is at which path.

use std::sync::Arc;

use askama::Template as _;
use bytes::Bytes;
use carml_telemetry::metrics;
use http::{HeaderValue, Method, StatusCode, header, request::Parts};

use super::{facts::Facts, page::Page, recent::Recent};

const PLAIN: &str = "text/plain; charset=utf-8";

/// What is answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: HeaderValue,
    pub(super) body: Bytes,
    /// The methods that the path has, if it does not have the one of the request.
    pub(super) allow: Option<&'static str>,
}

impl Answer {
    pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self::of(status, PLAIN, text)
    }

    fn of(status: StatusCode, content_type: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            content_type: HeaderValue::from_static(content_type),
            body: Bytes::from(text.into()),
            allow: None,
        }
    }

    fn ok(content_type: &'static str, text: impl Into<String>) -> Self {
        Self::of(StatusCode::OK, content_type, text)
    }
}

/// The paths, and what they show.
pub(super) struct Routes {
    facts: Facts,
    recent: Arc<Recent>,
}

impl Routes {
    pub(super) fn new(facts: Facts, recent: Arc<Recent>) -> Self {
        Self { facts, recent }
    }

    pub(super) fn answer(&self, head: &Parts, body: &[u8]) -> Answer {
        let path = head.uri.path();
        let allow = match path {
            "/" | "/style.css" | "/healthz" | "/readyz" | "/metrics" | "/config" | "/chain"
            | "/clients" => "GET, HEAD",
            "/log-level" => "GET, HEAD, PUT",
            _ => return Answer::text(StatusCode::NOT_FOUND, "there is no such page\n"),
        };
        match head.method {
            // hyper leaves out the body of an answer to HEAD.
            Method::GET | Method::HEAD => self.get(path, head.uri.query()),
            Method::PUT if path == "/log-level" => self.set_log_level(head, body),
            _ => Answer {
                allow: Some(allow),
                ..Answer::text(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "the page has no such method\n",
                )
            },
        }
    }

    fn get(&self, path: &str, query: Option<&str>) -> Answer {
        let facts = &self.facts;
        match path {
            "/healthz" => Answer::ok(PLAIN, "ok\n"),
            "/readyz" => {
                let status = match facts.readiness.obstacle() {
                    None => StatusCode::OK,
                    Some(_) => StatusCode::SERVICE_UNAVAILABLE,
                };
                let is_verbose = query.is_some_and(|query| query.split('&').any(is_verbose));
                Answer::text(status, facts.readiness_text(is_verbose))
            }
            "/metrics" => Answer::ok(metrics::CONTENT_TYPE, facts.metrics.text()),
            "/config" => Answer::ok(PLAIN, facts.config()),
            "/chain" => Answer::ok(PLAIN, facts.chain()),
            "/clients" => Answer::ok(PLAIN, facts.clients()),
            "/log-level" => Answer::ok(PLAIN, facts.log_level() + "\n"),
            "/style.css" => Answer::ok("text/css; charset=utf-8", include_str!("style.css")),
            _ => match Page::new(facts, &self.recent).render() {
                Ok(page) => Answer::ok("text/html; charset=utf-8", page),
                Err(error) => Answer::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            },
        }
    }

    fn set_log_level(&self, head: &Parts, body: &[u8]) -> Answer {
        let Some(token) = &self.facts.token else {
            let message = "the log level can be changed if the config has `admin.token`\n";
            return Answer::text(StatusCode::FORBIDDEN, message);
        };
        let given = head.headers.get(header::AUTHORIZATION);
        let given = given.and_then(|given| given.as_bytes().strip_prefix(b"Bearer "));
        if !given.is_some_and(|given| token.is(given)) {
            let message = "expected `authorization: Bearer` with the value of `admin.token`\n";
            return Answer::text(StatusCode::UNAUTHORIZED, message);
        }
        let directives = String::from_utf8_lossy(body);
        match carml_telemetry::set_log_level(&directives) {
            Ok(()) => {
                tracing::info!(level = %self.facts.log_level(), "the log level was changed");
                Answer::ok(PLAIN, self.facts.log_level() + "\n")
            }
            Err(error) => Answer::text(StatusCode::BAD_REQUEST, format!("{error}\n")),
        }
    }
}

/// `verbose`, with or without a value.
fn is_verbose(parameter: &str) -> bool {
    parameter.split('=').next() == Some("verbose")
}
