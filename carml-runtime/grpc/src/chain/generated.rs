// @generated from schema/grpc.json; do not edit.
use super::{BuiltIn, ClientMiddleware, ServerMiddleware, Visit};
use crate::middleware::{Implicit, Middleware, Place, Refusal};
use crate::middleware::recover;
use crate::middleware::logging;
#[cfg(feature = "tracing")]
use crate::middleware::tracing;
use crate::middleware::metrics;
use crate::middleware::timeout;
use crate::middleware::max_message_size;
use crate::middleware::concurrency_limit;
use crate::middleware::rate_limit;
use crate::middleware::load_shed;
#[cfg(feature = "compression")]
use crate::middleware::compression;
#[cfg(feature = "auth")]
use crate::middleware::auth;
use crate::middleware::client_auth;
use crate::middleware::circuit_breaker;
use crate::middleware::retry;
/// No chain has more steps: none is in a list twice.
pub(super) const CAPACITY: usize = 11usize;
/// A built-in middleware in a chain.
#[derive(Debug)]
pub(super) enum Step {
    Recover(recover::Recover),
    Logging(logging::Logging),
    #[cfg(feature = "tracing")]
    Tracing(tracing::Tracing),
    Metrics(metrics::Metrics),
    Timeout(timeout::Timeout),
    MaxMessageSize(max_message_size::MaxMessageSize),
    ConcurrencyLimit(concurrency_limit::ConcurrencyLimit),
    RateLimit(rate_limit::RateLimit),
    LoadShed(load_shed::LoadShed),
    #[cfg(feature = "compression")]
    Compression(compression::Compression),
    #[cfg(feature = "auth")]
    Auth(auth::Auth),
    ClientAuth(client_auth::ClientAuth),
    CircuitBreaker(circuit_breaker::CircuitBreaker),
    Retry(retry::Retry),
}
impl Step {
    /// The middleware with these options, if it is in this build.
    pub(super) fn build(
        middleware: &BuiltIn,
        place: &Place,
    ) -> Result<Option<Self>, Refusal> {
        Ok(
            Some(
                match middleware {
                    BuiltIn::Server(ServerMiddleware::Recover)
                    | BuiltIn::Client(ClientMiddleware::Recover) => {
                        Step::Recover(
                            <recover::Recover as Middleware>::build(&(), place)?,
                        )
                    }
                    BuiltIn::Server(ServerMiddleware::Logging(options))
                    | BuiltIn::Client(ClientMiddleware::Logging(options)) => {
                        Step::Logging(
                            <logging::Logging as Middleware>::build(options, place)?,
                        )
                    }
                    #[cfg(feature = "tracing")]
                    BuiltIn::Server(ServerMiddleware::Tracing(options))
                    | BuiltIn::Client(ClientMiddleware::Tracing(options)) => {
                        Step::Tracing(
                            <tracing::Tracing as Middleware>::build(options, place)?,
                        )
                    }
                    #[cfg(not(feature = "tracing"))]
                    BuiltIn::Server(ServerMiddleware::Tracing(_))
                    | BuiltIn::Client(ClientMiddleware::Tracing(_)) => return Ok(None),
                    BuiltIn::Server(ServerMiddleware::Metrics(options))
                    | BuiltIn::Client(ClientMiddleware::Metrics(options)) => {
                        Step::Metrics(
                            <metrics::Metrics as Middleware>::build(options, place)?,
                        )
                    }
                    BuiltIn::Server(ServerMiddleware::Timeout(options))
                    | BuiltIn::Client(ClientMiddleware::Timeout(options)) => {
                        Step::Timeout(
                            <timeout::Timeout as Middleware>::build(options, place)?,
                        )
                    }
                    BuiltIn::Server(ServerMiddleware::MaxMessageSize(options))
                    | BuiltIn::Client(ClientMiddleware::MaxMessageSize(options)) => {
                        Step::MaxMessageSize(
                            <max_message_size::MaxMessageSize as Middleware>::build(
                                options,
                                place,
                            )?,
                        )
                    }
                    BuiltIn::Server(ServerMiddleware::ConcurrencyLimit(options)) => {
                        Step::ConcurrencyLimit(
                            <concurrency_limit::ConcurrencyLimit as Middleware>::build(
                                options,
                                place,
                            )?,
                        )
                    }
                    BuiltIn::Server(ServerMiddleware::RateLimit(options)) => {
                        Step::RateLimit(
                            <rate_limit::RateLimit as Middleware>::build(options, place)?,
                        )
                    }
                    BuiltIn::Server(ServerMiddleware::LoadShed(options)) => {
                        Step::LoadShed(
                            <load_shed::LoadShed as Middleware>::build(options, place)?,
                        )
                    }
                    #[cfg(feature = "compression")]
                    BuiltIn::Server(ServerMiddleware::Compression(options))
                    | BuiltIn::Client(ClientMiddleware::Compression(options)) => {
                        Step::Compression(
                            <compression::Compression as Middleware>::build(
                                options,
                                place,
                            )?,
                        )
                    }
                    #[cfg(not(feature = "compression"))]
                    BuiltIn::Server(ServerMiddleware::Compression(_))
                    | BuiltIn::Client(ClientMiddleware::Compression(_)) => {
                        return Ok(None);
                    }
                    #[cfg(feature = "auth")]
                    BuiltIn::Server(ServerMiddleware::Auth(options)) => {
                        Step::Auth(<auth::Auth as Middleware>::build(options, place)?)
                    }
                    #[cfg(not(feature = "auth"))]
                    BuiltIn::Server(ServerMiddleware::Auth(_)) => return Ok(None),
                    BuiltIn::Client(ClientMiddleware::Auth(options)) => {
                        Step::ClientAuth(
                            <client_auth::ClientAuth as Middleware>::build(
                                options,
                                place,
                            )?,
                        )
                    }
                    BuiltIn::Client(ClientMiddleware::CircuitBreaker(options)) => {
                        Step::CircuitBreaker(
                            <circuit_breaker::CircuitBreaker as Middleware>::build(
                                options,
                                place,
                            )?,
                        )
                    }
                    BuiltIn::Client(ClientMiddleware::Retry) => {
                        Step::Retry(<retry::Retry as Middleware>::build(&(), place)?)
                    }
                },
            ),
        )
    }
    /// What applies if the list does not name the middleware.
    pub(super) fn implicit(name: &str) -> Option<Self> {
        match name {
            "max_message_size" => {
                Some(
                    Step::MaxMessageSize(
                        <max_message_size::MaxMessageSize as Implicit>::implicit(
                            4194304u64,
                        ),
                    ),
                )
            }
            _ => None,
        }
    }
    /// The state that a new call has at this step.
    #[inline]
    pub(super) fn state(&self) -> State {
        match self {
            Step::Recover(_) => State::Recover(Default::default()),
            Step::Logging(_) => State::Logging(Default::default()),
            #[cfg(feature = "tracing")]
            Step::Tracing(_) => State::Tracing(Default::default()),
            Step::Metrics(_) => State::Metrics(Default::default()),
            Step::Timeout(_) => State::Timeout(Default::default()),
            Step::MaxMessageSize(_) => State::MaxMessageSize(Default::default()),
            Step::ConcurrencyLimit(_) => State::ConcurrencyLimit(Default::default()),
            Step::RateLimit(_) => State::RateLimit(Default::default()),
            Step::LoadShed(_) => State::LoadShed(Default::default()),
            #[cfg(feature = "compression")]
            Step::Compression(_) => State::Compression(Default::default()),
            #[cfg(feature = "auth")]
            Step::Auth(_) => State::Auth(Default::default()),
            Step::ClientAuth(_) => State::ClientAuth(Default::default()),
            Step::CircuitBreaker(_) => State::CircuitBreaker(Default::default()),
            Step::Retry(_) => State::Retry(Default::default()),
        }
    }
    /// Calls the visitor with the middleware and its state.
    #[inline]
    pub(super) fn visit<V: Visit>(&self, state: &mut State, visitor: V) -> V::Output {
        match (self, state) {
            (Step::Recover(middleware), State::Recover(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::Logging(middleware), State::Logging(state)) => {
                visitor.visit(middleware, state)
            }
            #[cfg(feature = "tracing")]
            (Step::Tracing(middleware), State::Tracing(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::Metrics(middleware), State::Metrics(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::Timeout(middleware), State::Timeout(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::MaxMessageSize(middleware), State::MaxMessageSize(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::ConcurrencyLimit(middleware), State::ConcurrencyLimit(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::RateLimit(middleware), State::RateLimit(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::LoadShed(middleware), State::LoadShed(state)) => {
                visitor.visit(middleware, state)
            }
            #[cfg(feature = "compression")]
            (Step::Compression(middleware), State::Compression(state)) => {
                visitor.visit(middleware, state)
            }
            #[cfg(feature = "auth")]
            (Step::Auth(middleware), State::Auth(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::ClientAuth(middleware), State::ClientAuth(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::CircuitBreaker(middleware), State::CircuitBreaker(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::Retry(middleware), State::Retry(state)) => {
                visitor.visit(middleware, state)
            }
            _ => unreachable!("a state is made by its step"),
        }
    }
}
/// What a call keeps at one step.
#[derive(Default)]
pub(super) enum State {
    #[default]
    None,
    Recover(<recover::Recover as Middleware>::State),
    Logging(<logging::Logging as Middleware>::State),
    #[cfg(feature = "tracing")]
    Tracing(<tracing::Tracing as Middleware>::State),
    Metrics(<metrics::Metrics as Middleware>::State),
    Timeout(<timeout::Timeout as Middleware>::State),
    MaxMessageSize(<max_message_size::MaxMessageSize as Middleware>::State),
    ConcurrencyLimit(<concurrency_limit::ConcurrencyLimit as Middleware>::State),
    RateLimit(<rate_limit::RateLimit as Middleware>::State),
    LoadShed(<load_shed::LoadShed as Middleware>::State),
    #[cfg(feature = "compression")]
    Compression(<compression::Compression as Middleware>::State),
    #[cfg(feature = "auth")]
    Auth(<auth::Auth as Middleware>::State),
    ClientAuth(<client_auth::ClientAuth as Middleware>::State),
    CircuitBreaker(<circuit_breaker::CircuitBreaker as Middleware>::State),
    Retry(<retry::Retry as Middleware>::State),
}
