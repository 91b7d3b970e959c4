//! `logging`: one event per call, when it ends.

use tonic::Code;
use tracing::Level;

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
        let error = (code != Code::Ok).then(|| code::name(code));
        macro_rules! event {
            ($level:ident) => {
                tracing::event!(
                    target: "carml::rpc",
                    Level::$level,
                    {
                    "rpc.system.name" = "grpc",
                    "rpc.method" = call.method(),
                    "rpc.status_code" = code::name(code),
                    "error.type" = error,
                    "server.address" = call.uri.host(),
                    "network.peer.address" = call.peer.map(|peer| tracing::field::display(peer.ip())),
                    "duration" = call.started.elapsed().as_secs_f64(),
                    },
                    "call"
                )
            };
        }
        if call.is_server_error(code) {
            event!(ERROR);
        } else {
            event!(INFO);
        }
    }
}
