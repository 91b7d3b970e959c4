//! `logging`: one event per call, when it ends.

mod metadata;

use carml_config::chain::Side;
use http::Request;
use tonic::{Code, Status, body::Body};
use tracing::{Level, Span};

use carml_config::model;

use super::{Call, Middleware, Place, Refusal, selection::Selection};
use crate::code;
use metadata::{Names, Values};

#[derive(Debug)]
pub(crate) struct Logging {
    exclude: Selection,
    metadata: Names,
}

impl Middleware for Logging {
    type Options = model::Logging;
    /// Metadata of the request, if any is to be logged.
    type State = Option<Values>;

    fn build(options: &model::Logging, place: &Place) -> Result<Self, Refusal> {
        Ok(Self {
            exclude: Selection::new("exclude", &options.exclude, place)?,
            metadata: Names::new(&options.metadata)?,
        })
    }

    fn arrive(
        &self,
        _call: &mut Call,
        state: &mut Option<Values>,
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        *state = self.metadata.values(request.headers());
        Ok(())
    }

    fn end(&self, call: &mut Call, metadata: &mut Option<Values>, code: Code) {
        if self.exclude.has(call) {
            return;
        }
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
                    "rpc.request.metadata" = metadata.as_ref().map(tracing::field::debug),
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
