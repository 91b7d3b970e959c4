//! What every middleware may know of a call.

use std::{net::SocketAddr, time::Instant};

use carml_config::chain::Side;
use http::{Request, Uri};
use tonic::{Code, body::Body, transport::server::TcpConnectInfo};
use tracing::Span;

use crate::{CallContext, Methods, code, deadline::Deadline, server::Incoming};

/// One call, from its arrival to its end.
pub(crate) struct Call {
    pub(crate) side: Side,
    pub(crate) uri: Uri,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) started: Instant,
    /// What the calls that its handler makes take from it.
    pub(crate) context: CallContext,
    /// The caller's deadline. It holds in every chain.
    pub(crate) deadline: Option<Deadline>,
    /// The call was ended by the drain of the server: its status is not an error.
    pub(crate) is_drained: bool,
    /// The largest message of the request, if the chain has a limit, wherever that is.
    pub(crate) max_received: Option<u64>,
    /// The span of the call, if the chain has `tracing`, wherever that is.
    pub(crate) span: Option<Span>,
    /// Absent if the chain is in another server than ours.
    incoming: Option<Incoming>,
}

impl Call {
    /// A call that arrives now, with the deadline that its caller gave.
    pub(crate) fn new(side: Side, mut context: CallContext, request: &Request<Body>) -> Self {
        let deadline = Deadline::of(request.headers());
        if let Some(deadline) = &deadline {
            context.limit(deadline.at());
        }
        Self {
            side,
            context,
            uri: request.uri().clone(),
            peer: request
                .extensions()
                .get::<TcpConnectInfo>()
                .and_then(TcpConnectInfo::remote_addr),
            started: Instant::now(),
            deadline,
            is_drained: false,
            max_received: None,
            span: None,
            incoming: request.extensions().get::<Incoming>().cloned(),
        }
    }

    /// Whether the client has ended the call, or is gone: nobody sees how it ends.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.incoming.as_ref().is_some_and(Incoming::is_cancelled)
    }

    /// `package.Service/Method`, or `_OTHER` for a method that no service has: there is no end of
    /// names that a client can make up.
    pub(crate) fn method(&self) -> &str {
        if self.is_registered() {
            self.path()
        } else {
            "_OTHER"
        }
    }

    /// What the client called, if no service has it.
    pub(crate) fn unknown_method(&self) -> Option<&str> {
        (!self.is_registered()).then(|| self.path())
    }

    fn path(&self) -> &str {
        self.uri.path().trim_start_matches('/')
    }

    /// The index of its method in these, if it is one of them. For the server's own table it was
    /// looked up on arrival.
    pub(crate) fn index_in(&self, methods: &Methods) -> Option<usize> {
        match &self.incoming {
            Some(incoming) if incoming.serves(methods) => incoming.method(),
            _ => methods.index(self.uri.path()),
        }
    }

    fn is_registered(&self) -> bool {
        let incoming = self.incoming.as_ref();
        incoming.is_none_or(|incoming| incoming.method().is_some())
    }

    /// The code as OpenTelemetry's `error.type`: on the server of its own errors alone.
    pub(crate) fn error_type(&self, code: Code) -> Option<&'static str> {
        let is_error = match self.side {
            Side::Server => self.is_server_error(code),
            Side::Client => code != Code::Ok,
        };
        is_error.then(|| code::name(code))
    }

    /// Whether the end with this code is an error of the server.
    pub(crate) fn is_server_error(&self, code: Code) -> bool {
        code::is_server_error(code) && !self.is_drained
    }
}
