//! Middlewares with options of every kind: what is generated for their lists compiles, and brings
//! the options to the middlewares. The test `middleware` writes it.
#![allow(clippy::unit_arg, clippy::unwrap_used, missing_docs, unreachable_pub)]
#![allow(dead_code, reason = "what is generated is more than is used here")]
#![allow(unexpected_cfgs, reason = "this crate has no feature `audit`")]

mod chain;
mod middleware;
