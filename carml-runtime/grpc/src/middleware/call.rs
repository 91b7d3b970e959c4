//! What every middleware may know of a call.

use std::{net::SocketAddr, time::Instant};

use http::{Request, Uri};
use tonic::{Code, body::Body, transport::server::TcpConnectInfo};

use crate::{code, deadline::Deadline, server::Incoming};

/// One call, from its arrival to its end.
pub(crate) struct Call {
    pub(crate) uri: Uri,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) started: Instant,
    /// The caller's deadline. It holds in every chain.
    pub(crate) deadline: Option<Deadline>,
    /// The call was ended by the drain of the server: its status is not an error.
    pub(crate) is_drained: bool,
    /// Absent if the chain is in another server than ours.
    incoming: Option<Incoming>,
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
            deadline: Deadline::of(request.headers()),
            is_drained: false,
            incoming: request.extensions().get::<Incoming>().cloned(),
        }
    }

    /// Whether the client has ended the call, or is gone: nobody sees how it ends.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.incoming.as_ref().is_some_and(Incoming::is_cancelled)
    }

    /// `package.Service/Method`
    pub(crate) fn method(&self) -> &str {
        self.uri.path().trim_start_matches('/')
    }

    /// Whether the end with this code is an error of the server.
    pub(crate) fn is_server_error(&self, code: Code) -> bool {
        code::is_server_error(code) && !self.is_drained
    }
}
