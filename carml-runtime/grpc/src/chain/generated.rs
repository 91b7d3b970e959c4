// @generated from schema/grpc.json; do not edit.
use super::{BuiltIn, ClientMiddleware, ServerMiddleware, Visit};
use crate::middleware::{Implicit, Middleware};
use crate::middleware::recover;
use crate::middleware::logging;
#[cfg(feature = "tracing")]
use crate::middleware::tracing;
use crate::middleware::timeout;
use crate::middleware::max_message_size;
use crate::middleware::concurrency_limit;
use crate::middleware::rate_limit;
/// No chain has more steps: none is in a list twice.
pub(super) const CAPACITY: usize = 7usize;
/// A built-in middleware in a chain.
#[derive(Debug)]
pub(super) enum Step {
    Recover(recover::Recover),
    Logging(logging::Logging),
    #[cfg(feature = "tracing")]
    Tracing(tracing::Tracing),
    Timeout(timeout::Timeout),
    MaxMessageSize(max_message_size::MaxMessageSize),
    ConcurrencyLimit(concurrency_limit::ConcurrencyLimit),
    RateLimit(rate_limit::RateLimit),
}
impl Step {
    /// The middleware with these options, if it is in this build.
    pub(super) fn build(middleware: &BuiltIn) -> Option<Self> {
        Some(
            match middleware {
                BuiltIn::Server(ServerMiddleware::Recover)
                | BuiltIn::Client(ClientMiddleware::Recover) => {
                    Step::Recover(<recover::Recover as Middleware>::build(&()))
                }
                BuiltIn::Server(ServerMiddleware::Logging)
                | BuiltIn::Client(ClientMiddleware::Logging) => {
                    Step::Logging(<logging::Logging as Middleware>::build(&()))
                }
                #[cfg(feature = "tracing")]
                BuiltIn::Server(ServerMiddleware::Tracing)
                | BuiltIn::Client(ClientMiddleware::Tracing) => {
                    Step::Tracing(<tracing::Tracing as Middleware>::build(&()))
                }
                #[cfg(not(feature = "tracing"))]
                BuiltIn::Server(ServerMiddleware::Tracing)
                | BuiltIn::Client(ClientMiddleware::Tracing) => return None,
                BuiltIn::Server(ServerMiddleware::Timeout(options)) => {
                    Step::Timeout(<timeout::Timeout as Middleware>::build(options))
                }
                BuiltIn::Server(ServerMiddleware::MaxMessageSize(options))
                | BuiltIn::Client(ClientMiddleware::MaxMessageSize(options)) => {
                    Step::MaxMessageSize(
                        <max_message_size::MaxMessageSize as Middleware>::build(options),
                    )
                }
                BuiltIn::Server(ServerMiddleware::ConcurrencyLimit(options)) => {
                    Step::ConcurrencyLimit(
                        <concurrency_limit::ConcurrencyLimit as Middleware>::build(
                            options,
                        ),
                    )
                }
                BuiltIn::Server(ServerMiddleware::RateLimit(options)) => {
                    Step::RateLimit(
                        <rate_limit::RateLimit as Middleware>::build(options),
                    )
                }
            },
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
            Step::Timeout(_) => State::Timeout(Default::default()),
            Step::MaxMessageSize(_) => State::MaxMessageSize(Default::default()),
            Step::ConcurrencyLimit(_) => State::ConcurrencyLimit(Default::default()),
            Step::RateLimit(_) => State::RateLimit(Default::default()),
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
    Timeout(<timeout::Timeout as Middleware>::State),
    MaxMessageSize(<max_message_size::MaxMessageSize as Middleware>::State),
    ConcurrencyLimit(<concurrency_limit::ConcurrencyLimit as Middleware>::State),
    RateLimit(<rate_limit::RateLimit as Middleware>::State),
}
