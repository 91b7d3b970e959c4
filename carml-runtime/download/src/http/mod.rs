//! HTTP: one request with its redirects, and what the response means.

mod client;
mod headers;
mod resolver;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_LENGTH, LOCATION},
};
use tokio::time::timeout;
use url::Url;

pub(crate) use self::headers::{ContentRange, Validators};
use self::{
    client::Clients,
    headers::{is_coded, retry_after},
    resolver::refusal,
};
use crate::{
    Error, ErrorKind, Options,
    policy::{
        Policy,
        location::{Location, shown},
    },
    request::Trust,
};

/// Sends requests as the policy permits.
pub(crate) struct Http {
    clients: Clients,
    policy: Arc<Policy>,
    redirects: u32,
    /// How long a server may be silent.
    silence: Duration,
}

/// A response whose body was not read yet.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    response: reqwest::Response,
    silence: Duration,
}

impl Http {
    pub(crate) fn new(options: &Options, policy: Arc<Policy>) -> Result<Self, Error> {
        Ok(Self {
            clients: Clients::new(options)?,
            policy,
            redirects: options.redirects,
            silence: options.timeout,
        })
    }

    /// GET, following redirects by hand: each hop is checked, and gets its own credentials.
    /// `headers` go with every hop, so they must not be secret.
    ///
    /// Answers with 200, 206, 304 or 416; other answers are errors.
    pub(crate) async fn get(
        &self,
        location: &Location,
        trust: Trust,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<Reply, Error> {
        let mut url = location.url.clone();
        for hop in 0..=self.redirects {
            self.policy.check_hop(&url, trust)?;
            let own = location.authorization.as_ref().filter(|_| hop == 0);
            let own = own.map(|value| (http::header::AUTHORIZATION, value.clone()));
            let credentials = own.or_else(|| self.policy.credentials.of(&url));
            let response = self.send(&url, trust, headers, credentials).await?;
            match target(&response, &url)? {
                Some(next) => url = next,
                None => return self.reply(response),
            }
        }
        Err(Error::new(
            ErrorKind::Refused,
            format!("more than {} redirects", self.redirects),
        ))
    }

    async fn send(
        &self,
        url: &Url,
        trust: Trust,
        headers: &[(HeaderName, HeaderValue)],
        credentials: Option<(HeaderName, HeaderValue)>,
    ) -> Result<reqwest::Response, Error> {
        let refuses_private = self.policy.refuses_private(trust);
        let client = self.clients.client(url, refuses_private).await?;
        let mut request = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        for (name, value) in headers.iter().cloned().chain(credentials) {
            request = request.header(name, value);
        }
        match timeout(self.silence, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(broken(error, url)),
            Err(_) => Err(silent(self.silence)),
        }
    }

    fn reply(&self, response: reqwest::Response) -> Result<Reply, Error> {
        let status = response.status();
        let headers = response.headers().clone();
        match status {
            StatusCode::OK
            | StatusCode::PARTIAL_CONTENT
            | StatusCode::NOT_MODIFIED
            | StatusCode::RANGE_NOT_SATISFIABLE => Ok(Reply {
                status,
                headers,
                response,
                silence: self.silence,
            }),
            _ => Err(refused(status, &headers)),
        }
    }
}

impl Reply {
    pub(crate) fn validators(&self) -> Validators {
        Validators::of(&self.headers)
    }

    pub(crate) fn content_range(&self) -> Option<ContentRange> {
        ContentRange::of(&self.headers)
    }

    pub(crate) fn unsatisfied_total(&self) -> Option<u64> {
        ContentRange::unsatisfied_total(&self.headers)
    }

    /// The length of the body.
    pub(crate) fn length(&self) -> Option<u64> {
        self.headers
            .get(CONTENT_LENGTH)?
            .to_str()
            .ok()?
            .parse()
            .ok()
    }

    /// Whether the bytes are not those of the file.
    pub(crate) fn is_coded(&self) -> bool {
        is_coded(&self.headers)
    }

    pub(crate) fn takes_ranges(&self) -> bool {
        let ranges = self.headers.get(ACCEPT_RANGES);
        ranges.is_some_and(|ranges| ranges.as_bytes().eq_ignore_ascii_case(b"bytes"))
    }

    /// The next bytes of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match timeout(self.silence, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(Error::new(
                ErrorKind::Truncated,
                format!("the connection broke: {}", causes(&error)),
            )),
            Err(_) => Err(silent(self.silence)),
        }
    }
}

/// The target of a redirect.
fn target(response: &reqwest::Response, from: &Url) -> Result<Option<Url>, Error> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    if !is_redirect {
        return Ok(None);
    }
    let refused = |why: String| Err(Error::new(ErrorKind::Refused, why));
    let location = response.headers().get(LOCATION);
    let next = location
        .and_then(|location| std::str::from_utf8(location.as_bytes()).ok())
        .and_then(|location| from.join(location).ok());
    let Some(mut next) = next else {
        return refused("a redirect without a valid `Location`".to_owned());
    };
    if !matches!(next.scheme(), "http" | "https") {
        return refused(format!("a redirect to {}", shown(&next)));
    }
    if from.scheme() == "https" && next.scheme() == "http" {
        return refused(format!("a redirect from https to {}", shown(&next)));
    }
    // Who redirects does not choose the credentials.
    let _ = next.set_username("");
    let _ = next.set_password(None);
    next.set_fragment(None);
    Ok(Some(next))
}

/// An answer that is not the file.
fn refused(status: StatusCode, headers: &HeaderMap) -> Error {
    let wait = retry_after(headers);
    let kind = match status.as_u16() {
        401 | 407 => ErrorKind::Unauthenticated,
        403 => ErrorKind::PermissionDenied,
        404 | 410 => ErrorKind::NotFound,
        429 => ErrorKind::Throttled { retry_after: wait },
        503 if wait.is_some() => ErrorKind::Throttled { retry_after: wait },
        408 | 425 | 500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::Refused,
    };
    Error::new(kind, format!("the server answered {status}"))
}

/// No answer.
fn broken(error: reqwest::Error, url: &Url) -> Error {
    if let Some(private) = refusal(&error) {
        return Error::new(ErrorKind::Refused, private.to_string());
    }
    let error = error.without_url();
    let tried = if error.is_connect() {
        format!("cannot connect to {}", url.host_str().unwrap_or_default())
    } else {
        "the request failed".to_owned()
    };
    Error::new(
        ErrorKind::Unavailable,
        format!("{tried}: {}", causes(&error)),
    )
    .with_source(error)
}

fn silent(limit: Duration) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("the server sent nothing for {limit:?}"),
    )
}

/// The innermost reason: the outer ones say "error sending request".
fn causes(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
