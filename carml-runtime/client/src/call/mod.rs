//! A call, from the innermost of the chain to the wire and back.
//!
//! - `engine`: the attempts of a call. - `attempt`: one of them, until the head of its answer.
//! - `retry`, `throttle`: whether there is another one, and when, as gRFC A6 has it.
//! - `source`: the request's messages, kept while they may be sent again; `pump`: onto the wire.
//! - `answer`: the body of the answer.

mod answer;
mod attempt;
mod engine;
mod pump;
mod retry;
mod source;
mod throttle;

pub(crate) use engine::{Deadline, Engine};
