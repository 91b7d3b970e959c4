//! What every middleware may know of a call.

use std::{net::SocketAddr, pin::Pin, time::Instant};

use http::{Request, Uri};
use tokio::time::Sleep;
use tonic::{body::Body, transport::server::TcpConnectInfo};

use crate::deadline;

/// One call, from its arrival to its end.
pub(crate) struct Call {
    pub(crate) uri: Uri,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) started: Instant,
    /// When the call ends with DEADLINE_EXCEEDED, whatever it waits for.
    pub(crate) deadline: Option<Pin<Box<Sleep>>>,
}

impl Call {
    /// A call that arrives now, with the deadline that its caller gave.
    pub(crate) fn new(request: &Request<Body>) -> Self {
        Self {
            uri: request.uri().clone(),
            peer: request
                .extensions()
                .get::<TcpConnectInfo>()
                .and_then(TcpConnectInfo::remote_addr),
            started: Instant::now(),
            deadline: deadline::of(request.headers())
                .map(|timeout| Box::pin(tokio::time::sleep(timeout))),
        }
    }

    /// `package.Service/Method`
    pub(crate) fn method(&self) -> &str {
        self.uri.path().trim_start_matches('/')
    }
}
