// @generated from schema/grpc.json; do not edit.
use super::{
    BuiltIn, ClientMiddleware, Facts, Implicit, Inside, NonZero, ServerMiddleware,
};
impl BuiltIn {
    /// What the schema says of it.
    pub fn facts(&self) -> &'static Facts {
        match self {
            BuiltIn::Server(ServerMiddleware::Recover)
            | BuiltIn::Client(ClientMiddleware::Recover) => &MIDDLEWARES[0usize],
            BuiltIn::Server(ServerMiddleware::Logging(_))
            | BuiltIn::Client(ClientMiddleware::Logging(_)) => &MIDDLEWARES[1usize],
            BuiltIn::Server(ServerMiddleware::Tracing(_))
            | BuiltIn::Client(ClientMiddleware::Tracing(_)) => &MIDDLEWARES[2usize],
            BuiltIn::Server(ServerMiddleware::Metrics(_))
            | BuiltIn::Client(ClientMiddleware::Metrics(_)) => &MIDDLEWARES[3usize],
            BuiltIn::Server(ServerMiddleware::Timeout(_))
            | BuiltIn::Client(ClientMiddleware::Timeout(_)) => &MIDDLEWARES[4usize],
            BuiltIn::Server(ServerMiddleware::MaxMessageSize(_))
            | BuiltIn::Client(ClientMiddleware::MaxMessageSize(_)) => {
                &MIDDLEWARES[5usize]
            }
            BuiltIn::Server(ServerMiddleware::ConcurrencyLimit(_)) => {
                &MIDDLEWARES[6usize]
            }
            BuiltIn::Server(ServerMiddleware::RateLimit(_)) => &MIDDLEWARES[7usize],
            BuiltIn::Server(ServerMiddleware::LoadShed(_)) => &MIDDLEWARES[8usize],
            BuiltIn::Server(ServerMiddleware::Compression(_))
            | BuiltIn::Client(ClientMiddleware::Compression(_)) => &MIDDLEWARES[9usize],
            BuiltIn::Server(ServerMiddleware::Auth(_)) => &MIDDLEWARES[10usize],
            BuiltIn::Client(ClientMiddleware::Auth(_)) => &MIDDLEWARES[11usize],
            BuiltIn::Client(ClientMiddleware::CircuitBreaker(_)) => &MIDDLEWARES[12usize],
            BuiltIn::Client(ClientMiddleware::Retry) => &MIDDLEWARES[13usize],
        }
    }
    /// Whether its options are zero where they must not be.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            BuiltIn::Server(ServerMiddleware::Timeout(options))
            | BuiltIn::Client(ClientMiddleware::Timeout(options)) => options.is_zero(),
            BuiltIn::Server(ServerMiddleware::MaxMessageSize(options))
            | BuiltIn::Client(ClientMiddleware::MaxMessageSize(options)) => {
                options.is_zero()
            }
            _ => false,
        }
    }
}
/// Every built-in middleware, in the schema's order.
pub const MIDDLEWARES: &[Facts] = &[
    Facts {
        name: "recover",
        description: "A panic in what is inside it, in a unary call or in the middle of a stream, ends that call with INTERNAL and a general text; the log has the message, the place and (with `RUST_BACKTRACE=1`) the stack. Without it, a panic ends its call with a reset stream.",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "logging",
        description: "One line per call when it ends (target `carml::rpc`): method, status, duration in seconds, peer, with OpenTelemetry's names, and the ids of the trace wherever `tracing` is in the list. A client that disconnects is logged as CANCELLED. Server errors are at level ERROR, everything else at INFO. A call that this service makes has the target `carml::rpc::client`.",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "tracing",
        description: "One span per call, which begins as the call arrives, wherever this is in the list: its place decides what runs inside the span. On the server it continues the caller's trace: `traceparent` (W3C), then `b3`, then `x-b3-*`. On the client it continues the trace of the call that is being handled, and sends `traceparent`.",
        server: true,
        client: true,
        feature: Some("tracing"),
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "metrics",
        description: "Counts calls and measures their durations, for `/metrics` and the page of the admin port: `rpc_server_call_duration_seconds` by method and status, and `grpc_server_call_started_total`; on the client `rpc_client_call_duration_seconds`, by target too. A method that no service has is `_OTHER`. Its place decides what the duration has: put it first, to measure all that a caller waits for.",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "timeout",
        description: "A call that takes longer ends with DEADLINE_EXCEEDED, a stream too. The caller's own deadline (`grpc-timeout`) applies if it is earlier. On the client it is sent to the server, as the caller's deadline is.",
        server: true,
        client: true,
        feature: None,
        nonzero: Some(NonZero {
            why: "ends every call",
            example: "30s",
        }),
        implicit: None,
        inside: None,
    },
    Facts {
        name: "max_message_size",
        description: "A message over this size, received or sent, ends the call with RESOURCE_EXHAUSTED. If the list does not have it, received messages are limited to 4 MiB, gRPC's default, and sent messages are not limited.",
        server: true,
        client: true,
        feature: None,
        nonzero: Some(NonZero {
            why: "refuses every message",
            example: "4mb",
        }),
        implicit: Some(Implicit { text: "receive 4mib" }),
        inside: None,
    },
    Facts {
        name: "concurrency_limit",
        description: "A call that arrives while `max` calls are in progress ends with RESOURCE_EXHAUSTED, and `grpc-retry-pushback-ms` asks the client to wait a second before it retries. No call waits in a queue. A stream counts until it ends.",
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "rate_limit",
        description: "A call that comes faster than `rate` ends with RESOURCE_EXHAUSTED, and `grpc-retry-pushback-ms` tells the client when there is room for one. No call waits in a queue.",
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "load_shed",
        description: "While the processor is above `cpu`, calls end with RESOURCE_EXHAUSTED if more are in progress than the service works on at once, which is its best throughput times its least latency; `grpc-retry-pushback-ms` asks the client to wait a second before it retries. Health is always answered.",
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "compression",
        description: "Takes requests that are compressed, and compresses answers for clients that accept it; on the client, compresses requests, and takes answers that are compressed. A message that has more bytes than `max_message_size` once it is decompressed ends its call with RESOURCE_EXHAUSTED, before it takes more memory than that; one that cannot be decompressed with INTERNAL; an encoding that is not accepted with UNIMPLEMENTED, in an answer with INTERNAL.",
        server: true,
        client: true,
        feature: Some("compression"),
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "auth",
        description: "Lets calls pass that have one of the credentials that are listed: a secret, a JSON Web Token, or the certificate of a client. Without one, or with a wrong one, a call ends with UNAUTHENTICATED; one of somebody who is not allowed with PERMISSION_DENIED; and with UNAVAILABLE while there are no keys to verify a token with. A bearer token that is wrong is an error even if the client has a certificate. Handlers find the `Identity` in the extensions of the request. Health needs no credentials.",
        server: true,
        client: false,
        feature: Some("auth"),
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "auth",
        description: "Sends a secret with each call, as `authorization: Bearer`. It is sent over TLS, over a socket in the file system, or to this machine only: a target that may be elsewhere without TLS is an error.",
        server: false,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "circuit_breaker",
        description: "Ends calls with UNAVAILABLE, without a connection, while most calls of their method to the target fail: with the probability (calls − `k` × accepted) / (calls + 1). The codes UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNKNOWN and DATA_LOSS are failures; all others are answers of a server that works.",
        server: false,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "retry",
        description: "Where a call becomes attempts: what is outside of it sees one call, what is inside sees each attempt, those of hedging too. At the end of the list if absent. How often and when there is another attempt is in `method_config`.",
        server: false,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
];
