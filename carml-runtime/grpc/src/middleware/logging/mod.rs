//! `logging`: one event per call, when it ends.

use carml_config::chain::Side;
use tonic::Code;
use tracing::{Level, Span};

use super::{Call, Middleware};
use crate::code;

#[derive(Debug)]
pub(crate) struct Logging;

impl Middleware for Logging {
    type Options = ();
    type State = ();

    fn build(_options: &()) -> Self {
        Self
    }

    fn end(&self, call: &mut Call, _state: &mut (), code: Code) {
        // The span of the call, also where it is not entered; else the one that the chain is in.
        let span = call.span.as_ref().and_then(Span::id);
        let span = span.or_else(|| Span::current().id());
        macro_rules! event {
            ($target:literal, $level:ident) => {
                tracing::event!(
                    target: $target,
                    parent: span,
                    Level::$level,
                    {
                    "rpc.system.name" = "grpc",
                    "rpc.method" = call.method(),
                    "rpc.method_original" = call.unknown_method(),
                    "rpc.status_code" = code::name(code),
                    "error.type" = call.error_type(code),
                    "server.address" = call.uri.host(),
                    "server.port" = call.uri.port_u16(),
                    "network.peer.address" = call.peer.map(|peer| tracing::field::display(peer.ip())),
                    "network.peer.port" = call.peer.map(|peer| peer.port()),
                    "duration" = call.started.elapsed().as_secs_f64(),
                    },
                    "call"
                )
            };
        }
        match (call.side, call.is_server_error(code)) {
            (Side::Server, true) => event!("carml::rpc", ERROR),
            (Side::Server, false) => event!("carml::rpc", INFO),
            (Side::Client, true) => event!("carml::rpc::client", ERROR),
            (Side::Client, false) => event!("carml::rpc::client", INFO),
        }
    }
}
