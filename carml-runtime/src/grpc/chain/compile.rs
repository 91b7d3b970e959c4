use std::{fmt, sync::Arc};

use super::{
    super::middleware::{max_message_size::Limits, recover},
    op::Op,
};
use crate::config::ServerMiddleware;

/// A server's middlewares, ready to serve. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chain {
    pub(super) ops: Arc<[Op]>,
    warnings: Vec<&'static str>,
}

/// An order that cannot mean anything.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The same middleware stands twice in the list.
    #[error("`{0}` stands twice in grpc.server.middleware: keep the place where it should act")]
    Twice(&'static str),
    /// A limit that no message can keep.
    #[error(
        "`max_message_size` is 0, which refuses every message: give a size such as `4mb`, or leave it out"
    )]
    NoMessage,
    /// A deadline that no call can keep.
    #[error("`timeout` is 0, which ends every call: give a time such as `30s`, or leave it out")]
    NoTime,
}

impl Chain {
    /// Compiles the list, outermost first.
    ///
    /// Without `max_message_size`, messages received are limited to 4 MiB, as gRPC has it, and
    /// messages sent are not limited. With `recover`, the process's panic hook is replaced once by
    /// one that logs the panics of handlers as events and leaves all others to the hook before it.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn compile(list: &[ServerMiddleware]) -> Result<Self, Error> {
        let mut ops = Vec::with_capacity(list.len() + 1);
        for (index, item) in list.iter().enumerate() {
            let kind = std::mem::discriminant(item);
            if list[..index]
                .iter()
                .any(|other| std::mem::discriminant(other) == kind)
            {
                return Err(Error::Twice(name(item)));
            }
            ops.push(match item {
                ServerMiddleware::Recover => {
                    recover::install_hook();
                    Op::Recover
                }
                ServerMiddleware::Logging => Op::Logging,
                ServerMiddleware::Tracing => Op::Tracing,
                ServerMiddleware::Timeout(limit) if limit.get().is_zero() => {
                    return Err(Error::NoTime);
                }
                ServerMiddleware::Timeout(limit) => Op::Timeout(limit.get()),
                ServerMiddleware::MaxMessageSize(limit) if limit.bytes() == 0 => {
                    return Err(Error::NoMessage);
                }
                ServerMiddleware::MaxMessageSize(limit) => {
                    Op::MaxMessageSize(Limits::both(limit.bytes()))
                }
            });
        }
        let mut warnings = Vec::new();
        let at = |wanted: &str| list.iter().position(|item| name(item) == wanted);
        if let (Some(logging), Some(tracing)) = (at("logging"), at("tracing"))
            && logging < tracing
        {
            warnings.push("`logging` stands outside `tracing`: its lines carry no trace id");
        }
        if at("max_message_size").is_none() {
            ops.push(Op::MaxMessageSize(Limits::implicit()));
        }
        Ok(Self {
            ops: ops.into(),
            warnings,
        })
    }

    /// What an operator should know of this order; for the log at start.
    pub fn warnings(&self) -> &[&'static str] {
        &self.warnings
    }
}

impl fmt::Display for Chain {
    /// The effective chain, outermost first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for op in &*self.ops {
            match op {
                Op::Recover => f.write_str("recover")?,
                Op::Logging => f.write_str("logging")?,
                Op::Tracing => f.write_str("tracing")?,
                Op::Timeout(limit) => write!(f, "timeout({limit:?})")?,
                Op::MaxMessageSize(limits) => write!(f, "max_message_size({limits})")?,
            }
            f.write_str(" > ")?;
        }
        f.write_str("services")
    }
}

fn name(item: &ServerMiddleware) -> &'static str {
    match item {
        ServerMiddleware::Recover => "recover",
        ServerMiddleware::Logging => "logging",
        ServerMiddleware::Tracing => "tracing",
        ServerMiddleware::Timeout(_) => "timeout",
        ServerMiddleware::MaxMessageSize(_) => "max_message_size",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_chain_shows_the_implicit_limit() {
        let chain = Chain::compile(&[ServerMiddleware::Logging, ServerMiddleware::Tracing])
            .expect("a chain");
        assert_eq!(
            chain.to_string(),
            "logging > tracing > max_message_size(receive 4194304) > services"
        );
        assert_eq!(chain.warnings().len(), 1);
    }

    #[test]
    fn the_same_middleware_twice_is_refused() {
        let list = [ServerMiddleware::Logging, ServerMiddleware::Logging];
        assert_eq!(Chain::compile(&list).err(), Some(Error::Twice("logging")));
    }
}
