//! What every middleware may know of a call.

use std::{net::SocketAddr, pin::Pin, time::Instant};

use http::{Request, Uri};
use tokio::time::Sleep;
use tonic::{Code, body::Body, transport::server::TcpConnectInfo};

use crate::{code, deadline};

/// One call, from its arrival to its end.
pub(crate) struct Call {
    pub(crate) uri: Uri,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) started: Instant,
    /// When the call ends with DEADLINE_EXCEEDED, whatever it waits for.
    pub(crate) deadline: Option<Pin<Box<Sleep>>>,
    /// The call was ended by the drain of the server: its status is not an error.
    pub(crate) is_drained: bool,
}

impl Call {
    /// Whether the end with this code is an error of the server.
    pub(crate) fn is_server_error(&self, code: Code) -> bool {
        code::is_server_error(code) && !self.is_drained
    }
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
            is_drained: false,
        }
    }

    /// `package.Service/Method`
    pub(crate) fn method(&self) -> &str {
        self.uri.path().trim_start_matches('/')
    }
}
