//! A call, from the innermost of the chain to the wire and back.
//!
//! - `engine`: the attempts of a call; `hedge`: those that do not wait for each other; `inside`: the
//!   part of the chain that each of them passes through.
//! - `attempt`: one of them, until the head of its answer. - `answer`: the body of the answer.
//! - `retry`, `throttle`: whether there is another one, and when, as gRFC A6 has it.
//! - `source`: the request's messages, kept while they may be sent again; `pump`: onto the wire.
//! - `shared`: what all calls of a channel share; `state`: the attempts of one call.

mod answer;
mod attempt;
mod engine;
mod hedge;
mod inside;
mod pump;
mod retry;
mod shared;
mod source;
mod state;
mod throttle;

pub(crate) use engine::Engine;
