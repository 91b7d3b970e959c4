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
        description: "If a handler or an inner middleware panics, also in the middle of a stream, the call ends with INTERNAL and a generic message. The log has the message of the panic, its place and (with `RUST_BACKTRACE=1`) the stack. Without this middleware, the client gets a reset stream.",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "logging",
        description: "Logs one line at the end of each call (target `carml::rpc`), with method, status, duration in seconds and peer under OpenTelemetry's names, and with the trace ids if the chain has `tracing`. A call whose client disconnects is logged as CANCELLED. The level is ERROR for errors of the server, otherwise INFO. Calls that this service makes have the target `carml::rpc::client`.",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "tracing",
        description: "Creates one span per call, which begins when the call arrives. The position in the list decides which middlewares run inside the span. On the server, the span continues the caller's trace: `traceparent` (W3C), then `b3`, then `x-b3-*`. On the client, it continues the trace of the call that is being handled, and sends `traceparent`.",
        server: true,
        client: true,
        feature: Some("tracing"),
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "metrics",
        description: "Counts calls and measures their durations, for `/metrics` and the status page of the admin port: `rpc_server_call_duration_seconds` by method and status, and `grpc_server_call_started_total`; on the client, `rpc_client_call_duration_seconds`, also by target. A method that no service has is counted as `_OTHER`. Put it first in the list, so that it measures the whole time that a caller waits.",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "timeout",
        description: "A call that takes longer, including a stream, ends with DEADLINE_EXCEEDED. If the caller's deadline (`grpc-timeout`) is earlier, that one applies. On the client, the deadline is sent to the server.",
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
        description: "A message over this size, received or sent, ends the call with RESOURCE_EXHAUSTED. If the list does not have this middleware, received messages are limited to 4 MiB, gRPC's default, and sent messages are not limited.",
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
        description: "If `max` calls are in progress, further calls end with RESOURCE_EXHAUSTED, and `grpc-retry-pushback-ms` asks the client to wait one second before it retries. Calls never wait in a queue. A stream counts until it ends.",
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "rate_limit",
        description: "Calls above `rate` end with RESOURCE_EXHAUSTED, and `grpc-retry-pushback-ms` tells the client when the next call is allowed. Calls never wait in a queue.",
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "load_shed",
        description: "While the CPU usage is above `cpu`, the number of calls in progress is limited to the number that the service can work on at once: its best throughput times its lowest latency. Further calls end with RESOURCE_EXHAUSTED, and `grpc-retry-pushback-ms` asks the client to wait one second before it retries. Calls of the health service are never refused.",
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "compression",
        description: "Accepts compressed requests, and compresses responses for clients that accept it; on the client, compresses requests, and accepts compressed responses. If a message would exceed `max_message_size` when it is decompressed, decompression stops at the limit, and the call ends with RESOURCE_EXHAUSTED. If a message cannot be decompressed, the call ends with INTERNAL. If the encoding of a request is not accepted, the call ends with UNIMPLEMENTED; if that of a response is not, with INTERNAL.",
        server: true,
        client: true,
        feature: Some("compression"),
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "auth",
        description: "Requires one of the configured credentials: a secret, a JSON Web Token, or a client certificate. Calls with missing or wrong credentials end with UNAUTHENTICATED, and calls of callers who are not allowed with PERMISSION_DENIED. While there are no keys to verify tokens, calls with a token end with UNAVAILABLE. A wrong bearer token is an error even if the client has a certificate. Handlers find the `Identity` in the extensions of the request. The health service needs no credentials.",
        server: true,
        client: false,
        feature: Some("auth"),
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "auth",
        description: "Sends a secret with each call, as `authorization: Bearer`. It is sent only over TLS, over a Unix domain socket, or to this machine: a target without TLS that may be on another machine is an error.",
        server: false,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "circuit_breaker",
        description: "Ends calls with UNAVAILABLE, without a connection, while most calls of their method to the target fail: with the probability (calls − `k` × accepted) / (calls + 1). The codes UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNKNOWN and DATA_LOSS are failures; all other codes are responses of a working server.",
        server: false,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "retry",
        description: "Marks the position in the chain where a call is split into attempts: middlewares outside of it see one call, and middlewares inside of it see each attempt, including those of hedging. If absent, it is at the end of the list. `method_config` configures when there are further attempts.",
        server: false,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
];
