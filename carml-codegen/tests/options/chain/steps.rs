// @generated from schema/grpc.json; do not edit.
use super::{BuiltIn, ClientMiddleware, ServerMiddleware, Visit};
use crate::middleware::{Implicit, Middleware, Place, Refusal};
use crate::middleware::plain;
use crate::middleware::trace;
use crate::middleware::pause;
use crate::middleware::rate_limit;
use crate::middleware::compression;
use crate::middleware::message_size;
#[cfg(feature = "audit")]
use crate::middleware::audit;
use crate::middleware::breaker;
/// No chain has more steps: none is in a list twice.
pub(super) const CAPACITY: usize = 7usize;
/// A built-in middleware in a chain.
#[derive(Debug)]
pub(super) enum Step {
    Plain(plain::Plain),
    Trace(trace::Trace),
    Pause(pause::Pause),
    RateLimit(rate_limit::RateLimit),
    Compression(compression::Compression),
    MessageSize(message_size::MessageSize),
    #[cfg(feature = "audit")]
    Audit(audit::Audit),
    Breaker(breaker::Breaker),
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
                    BuiltIn::Server(ServerMiddleware::Plain)
                    | BuiltIn::Client(ClientMiddleware::Plain) => {
                        Step::Plain(<plain::Plain as Middleware>::build(&(), place)?)
                    }
                    BuiltIn::Server(ServerMiddleware::Trace(options))
                    | BuiltIn::Client(ClientMiddleware::Trace(options)) => {
                        Step::Trace(<trace::Trace as Middleware>::build(options, place)?)
                    }
                    BuiltIn::Server(ServerMiddleware::Pause(options)) => {
                        Step::Pause(<pause::Pause as Middleware>::build(options, place)?)
                    }
                    BuiltIn::Server(ServerMiddleware::RateLimit(options)) => {
                        Step::RateLimit(
                            <rate_limit::RateLimit as Middleware>::build(options, place)?,
                        )
                    }
                    BuiltIn::Server(ServerMiddleware::Compression(options))
                    | BuiltIn::Client(ClientMiddleware::Compression(options)) => {
                        Step::Compression(
                            <compression::Compression as Middleware>::build(
                                options,
                                place,
                            )?,
                        )
                    }
                    BuiltIn::Server(ServerMiddleware::MessageSize(options)) => {
                        Step::MessageSize(
                            <message_size::MessageSize as Middleware>::build(
                                options,
                                place,
                            )?,
                        )
                    }
                    #[cfg(feature = "audit")]
                    BuiltIn::Server(ServerMiddleware::Audit(options)) => {
                        Step::Audit(<audit::Audit as Middleware>::build(options, place)?)
                    }
                    #[cfg(not(feature = "audit"))]
                    BuiltIn::Server(ServerMiddleware::Audit(_)) => return Ok(None),
                    BuiltIn::Client(ClientMiddleware::Breaker(options)) => {
                        Step::Breaker(
                            <breaker::Breaker as Middleware>::build(options, place)?,
                        )
                    }
                },
            ),
        )
    }
    /// What applies if the list does not name the middleware.
    pub(super) fn implicit(name: &str) -> Option<Self> {
        match name {
            "message_size" => {
                Some(
                    Step::MessageSize(
                        <message_size::MessageSize as Implicit>::implicit(1000u64),
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
            Step::Plain(_) => State::Plain(Default::default()),
            Step::Trace(_) => State::Trace(Default::default()),
            Step::Pause(_) => State::Pause(Default::default()),
            Step::RateLimit(_) => State::RateLimit(Default::default()),
            Step::Compression(_) => State::Compression(Default::default()),
            Step::MessageSize(_) => State::MessageSize(Default::default()),
            #[cfg(feature = "audit")]
            Step::Audit(_) => State::Audit(Default::default()),
            Step::Breaker(_) => State::Breaker(Default::default()),
        }
    }
    /// Calls the visitor with the middleware and its state.
    #[inline]
    pub(super) fn visit<V: Visit>(&self, state: &mut State, visitor: V) -> V::Output {
        match (self, state) {
            (Step::Plain(middleware), State::Plain(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::Trace(middleware), State::Trace(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::Pause(middleware), State::Pause(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::RateLimit(middleware), State::RateLimit(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::Compression(middleware), State::Compression(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::MessageSize(middleware), State::MessageSize(state)) => {
                visitor.visit(middleware, state)
            }
            #[cfg(feature = "audit")]
            (Step::Audit(middleware), State::Audit(state)) => {
                visitor.visit(middleware, state)
            }
            (Step::Breaker(middleware), State::Breaker(state)) => {
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
    Plain(<plain::Plain as Middleware>::State),
    Trace(<trace::Trace as Middleware>::State),
    Pause(<pause::Pause as Middleware>::State),
    RateLimit(<rate_limit::RateLimit as Middleware>::State),
    Compression(<compression::Compression as Middleware>::State),
    MessageSize(<message_size::MessageSize as Middleware>::State),
    #[cfg(feature = "audit")]
    Audit(<audit::Audit as Middleware>::State),
    Breaker(<breaker::Breaker as Middleware>::State),
}
