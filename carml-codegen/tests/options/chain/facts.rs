// @generated from schema/grpc.json; do not edit.
use super::{
    BuiltIn, ClientMiddleware, Facts, Implicit, Inside, NonZero, ServerMiddleware,
};
impl BuiltIn {
    /// What the schema says of it.
    pub fn facts(&self) -> &'static Facts {
        match self {
            BuiltIn::Server(ServerMiddleware::Plain)
            | BuiltIn::Client(ClientMiddleware::Plain) => &MIDDLEWARES[0usize],
            BuiltIn::Server(ServerMiddleware::Trace(_))
            | BuiltIn::Client(ClientMiddleware::Trace(_)) => &MIDDLEWARES[1usize],
            BuiltIn::Server(ServerMiddleware::Pause(_)) => &MIDDLEWARES[2usize],
            BuiltIn::Server(ServerMiddleware::RateLimit(_)) => &MIDDLEWARES[3usize],
            BuiltIn::Server(ServerMiddleware::Compression(_))
            | BuiltIn::Client(ClientMiddleware::Compression(_)) => &MIDDLEWARES[4usize],
            BuiltIn::Server(ServerMiddleware::MessageSize(_)) => &MIDDLEWARES[5usize],
            BuiltIn::Server(ServerMiddleware::Audit(_)) => &MIDDLEWARES[6usize],
            BuiltIn::Client(ClientMiddleware::Breaker(_)) => &MIDDLEWARES[7usize],
        }
    }
    /// Whether its options are zero where they must not be.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            BuiltIn::Server(ServerMiddleware::Pause(options)) => options.is_zero(),
            _ => false,
        }
    }
}
/// Every built-in middleware, in the schema's order.
pub const MIDDLEWARES: &[Facts] = &[
    Facts {
        name: "plain",
        description: "Has no options.",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "trace",
        description: "Has options, or none.",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "pause",
        description: "A scalar.",
        server: true,
        client: false,
        feature: None,
        nonzero: Some(NonZero {
            why: "does nothing",
            example: "30s",
        }),
        implicit: None,
        inside: Some(Inside {
            middleware: "plain",
            why: "it is not plain",
        }),
    },
    Facts {
        name: "rate_limit",
        description: "Numbers, an enum, and options per method.",
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "compression",
        description: "A boolean, lists and a size, on both sides.",
        server: true,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "message_size",
        description: "A scalar or an object.",
        server: true,
        client: false,
        feature: None,
        nonzero: None,
        implicit: Some(Implicit { text: "receive 1000" }),
        inside: None,
    },
    Facts {
        name: "audit",
        description: "In some builds.",
        server: true,
        client: false,
        feature: Some("audit"),
        nonzero: None,
        implicit: None,
        inside: None,
    },
    Facts {
        name: "breaker",
        description: "For clients.",
        server: false,
        client: true,
        feature: None,
        nonzero: None,
        implicit: None,
        inside: None,
    },
];
