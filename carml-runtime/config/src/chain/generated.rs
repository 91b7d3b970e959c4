// @generated from schema/grpc.json; do not edit.
use serde::{Deserialize, Serialize};
use super::{Facts, Implicit, Inside, NonZero};
/// A built-in middleware of either side, with its options.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub enum BuiltIn {
    /// A panic in what is inside it, in a unary call or in the middle of a stream, ends that call with INTERNAL and a general text; the log has the message, the place and (with `RUST_BACKTRACE=1`) the stack. Without it, a panic breaks the connection and every call on it.
    #[serde(rename = "recover")]
    Recover,
    /// One event per call when it ends (target `carml::rpc`): method, status, duration in seconds, peer, with OpenTelemetry's names. A client that disconnects is logged as CANCELLED. Server errors are at level ERROR, everything else at INFO.
    #[serde(rename = "logging")]
    Logging,
    /// One span per call. It continues the caller's trace: `traceparent` (W3C), then `b3`, then `x-b3-*`.
    #[serde(rename = "tracing")]
    Tracing,
    /// A call that takes longer ends with DEADLINE_EXCEEDED, a stream too. The caller's own deadline (`grpc-timeout`) applies if it is earlier.
    #[serde(rename = "timeout")]
    Timeout(super::super::Duration),
    /// A message over this size, received or sent, ends the call with RESOURCE_EXHAUSTED. If the list does not have it, received messages are limited to 4 MiB, gRPC's default, and sent messages are not limited.
    #[serde(rename = "max_message_size")]
    MaxMessageSize(super::super::ByteSize),
}
impl BuiltIn {
    /// What the schema says of it.
    pub fn facts(&self) -> &'static Facts {
        match self {
            BuiltIn::Recover => &MIDDLEWARES[0usize],
            BuiltIn::Logging => &MIDDLEWARES[1usize],
            BuiltIn::Tracing => &MIDDLEWARES[2usize],
            BuiltIn::Timeout(_) => &MIDDLEWARES[3usize],
            BuiltIn::MaxMessageSize(_) => &MIDDLEWARES[4usize],
        }
    }
    /// Whether its options are zero where they must not be.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            BuiltIn::Recover => false,
            BuiltIn::Logging => false,
            BuiltIn::Tracing => false,
            BuiltIn::Timeout(options) => options.get().is_zero(),
            BuiltIn::MaxMessageSize(options) => options.bytes() == 0,
        }
    }
}
/// Every built-in middleware, in the schema's order.
pub const MIDDLEWARES: &[Facts] = &[
    Facts {
        name: "recover",
        server: true,
        client: true,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "logging",
        server: true,
        client: true,
        nonzero: None,
        implicit: None,
        inside: Some(Inside {
            middleware: "tracing",
            why: "its lines carry no trace id",
        }),
    },
    Facts {
        name: "tracing",
        server: true,
        client: true,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "timeout",
        server: true,
        client: false,
        nonzero: Some(NonZero {
            why: "ends every call",
            example: "30s",
        }),
        implicit: None,
        inside: None,
    },
    Facts {
        name: "max_message_size",
        server: true,
        client: true,
        nonzero: Some(NonZero {
            why: "refuses every message",
            example: "4mb",
        }),
        implicit: Some(Implicit {
            text: "receive 4194304",
        }),
        inside: None,
    },
];
