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
            BuiltIn::Server(ServerMiddleware::Logging)
            | BuiltIn::Client(ClientMiddleware::Logging) => &MIDDLEWARES[1usize],
            BuiltIn::Server(ServerMiddleware::Tracing)
            | BuiltIn::Client(ClientMiddleware::Tracing) => &MIDDLEWARES[2usize],
            BuiltIn::Server(ServerMiddleware::Timeout(_)) => &MIDDLEWARES[3usize],
            BuiltIn::Server(ServerMiddleware::MaxMessageSize(_))
            | BuiltIn::Client(ClientMiddleware::MaxMessageSize(_)) => {
                &MIDDLEWARES[4usize]
            }
            BuiltIn::Server(ServerMiddleware::ConcurrencyLimit(_)) => {
                &MIDDLEWARES[5usize]
            }
            BuiltIn::Server(ServerMiddleware::RateLimit(_)) => &MIDDLEWARES[6usize],
        }
    }
    /// Whether its options are zero where they must not be.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            BuiltIn::Server(ServerMiddleware::Timeout(options)) => options.is_zero(),
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
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "logging",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "tracing",
        server: true,
        client: true,
        feature: Some("tracing"),
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "timeout",
        server: true,
        client: false,
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
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "rate_limit",
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
];
