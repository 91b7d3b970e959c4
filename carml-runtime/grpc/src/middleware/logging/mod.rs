//! `logging`: one event for each call, when it ends.

use tonic::Code;
use tracing::Level;

use super::super::chain::Call;
use super::tracing::{is_server_error, name};

/// Logs the call's end, the first time.
pub(crate) fn end(call: &mut Call, code: Code) {
    if std::mem::replace(&mut call.logged, true) {
        return;
    }
    let error = (code != Code::Ok).then(|| name(code));
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: "carml::rpc",
                Level::$level,
                {
                "rpc.system.name" = "grpc",
                "rpc.method" = call.method(),
                "rpc.status_code" = name(code),
                "error.type" = error,
                "server.address" = call.uri.host(),
                "network.peer.address" = call.peer.map(|peer| tracing::field::display(peer.ip())),
                "duration" = call.started.elapsed().as_secs_f64(),
                },
                "call"
            )
        };
    }
    if is_server_error(code) {
        event!(ERROR);
    } else {
        event!(INFO);
    }
}
