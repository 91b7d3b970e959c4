//! What is generated for the lists of `schema.json`, with as much around it as a chain has.

#[rustfmt::skip]
mod facts;
#[rustfmt::skip]
pub mod model;
#[rustfmt::skip]
mod steps;
#[rustfmt::skip]
#[path = "../../../../carml-runtime/config/src/support.rs"]
mod support;
mod tests;

use serde::{Deserialize, Serialize};

use crate::middleware::Middleware;
use model::{ClientMiddleware, ServerMiddleware};

/// A duration, as `x-carml-type` has it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Duration(pub String);

impl Duration {
    fn is_zero(&self) -> bool {
        self.0 == "0s"
    }
}

/// A size, as `x-carml-type` has it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ByteSize(pub String);

impl std::str::FromStr for ByteSize {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

#[derive(Debug, PartialEq)]
pub struct Facts {
    pub name: &'static str,
    pub description: &'static str,
    pub server: bool,
    pub client: bool,
    pub feature: Option<&'static str>,
    pub nonzero: Option<NonZero>,
    pub implicit: Option<Implicit>,
    pub inside: Option<Inside>,
}

#[derive(Debug, PartialEq)]
pub struct NonZero {
    pub why: &'static str,
    pub example: &'static str,
}

#[derive(Debug, PartialEq)]
pub struct Implicit {
    pub text: &'static str,
}

#[derive(Debug, PartialEq)]
pub struct Inside {
    pub middleware: &'static str,
    pub why: &'static str,
}

pub enum BuiltIn {
    Server(ServerMiddleware),
    Client(ClientMiddleware),
}

/// Calls a middleware without naming it.
pub trait Visit {
    type Output;

    fn visit<M: Middleware>(self, middleware: &M, state: &mut M::State) -> Self::Output;
}
