use std::{fmt, sync::Arc};

use super::{
    super::middleware::{max_message_size::Limits, recover},
    op::Op,
    own::{Own, Segment},
};
use carml_config::ServerMiddleware;

/// A server's middlewares, ready to serve. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The built-in middlewares outside of any other.
    pub(super) ops: Arc<[Op]>,
    pub(super) segments: Arc<[Segment]>,
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

/// One item of the list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// A middleware of CarML's.
    BuiltIn(ServerMiddleware),
    /// A layer of the user's own.
    Own(Own),
}

impl Item {
    fn name(&self) -> &'static str {
        match self {
            Self::BuiltIn(item) => name(item),
            Self::Own(own) => own.name,
        }
    }
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
        Self::with_own(list.iter().cloned().map(Item::BuiltIn).collect())
    }

    /// Compiles a list in which layers of the user's own stand among the built-in middlewares.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn with_own(list: Vec<Item>) -> Result<Self, Error> {
        let names: Vec<&'static str> = list.iter().map(Item::name).collect();
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                return Err(Error::Twice(name));
            }
        }
        let at = |wanted: &str| names.iter().position(|name| *name == wanted);
        let mut ops: Vec<Vec<Op>> = vec![Vec::with_capacity(list.len() + 1)];
        let mut own = Vec::new();
        for item in list {
            match item {
                Item::BuiltIn(item) => ops.last_mut().expect("one").push(op(&item)?),
                Item::Own(layer) => {
                    own.push(layer);
                    ops.push(Vec::new());
                }
            }
        }
        let mut warnings = Vec::new();
        if let (Some(logging), Some(tracing)) = (at("logging"), at("tracing"))
            && logging < tracing
        {
            warnings.push("`logging` stands outside `tracing`: its lines carry no trace id");
        }
        if at("max_message_size").is_none() {
            let innermost = ops.last_mut().expect("one");
            innermost.push(Op::MaxMessageSize(Limits::implicit()));
        }
        let mut ops = ops.into_iter().map(Into::into);
        let outermost = ops.next().expect("one");
        let segments = own.into_iter().zip(ops);
        Ok(Self {
            ops: outermost,
            segments: segments.map(|(own, ops)| Segment { own, ops }).collect(),
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
        write_ops(f, &self.ops)?;
        for Segment { own, ops } in &*self.segments {
            write!(f, "{} > ", own.name)?;
            write_ops(f, ops)?;
        }
        f.write_str("services")
    }
}

fn write_ops(f: &mut fmt::Formatter<'_>, ops: &[Op]) -> fmt::Result {
    for op in ops {
        match op {
            Op::Recover => f.write_str("recover")?,
            Op::Logging => f.write_str("logging")?,
            Op::Tracing => f.write_str("tracing")?,
            Op::Timeout(limit) => write!(f, "timeout({limit:?})")?,
            Op::MaxMessageSize(limits) => write!(f, "max_message_size({limits})")?,
        }
        f.write_str(" > ")?;
    }
    Ok(())
}

fn op(item: &ServerMiddleware) -> Result<Op, Error> {
    Ok(match item {
        ServerMiddleware::Recover => {
            recover::install_hook();
            Op::Recover
        }
        ServerMiddleware::Logging => Op::Logging,
        ServerMiddleware::Tracing => Op::Tracing,
        ServerMiddleware::Timeout(limit) if limit.get().is_zero() => return Err(Error::NoTime),
        ServerMiddleware::Timeout(limit) => Op::Timeout(limit.get()),
        ServerMiddleware::MaxMessageSize(limit) if limit.bytes() == 0 => {
            return Err(Error::NoMessage);
        }
        ServerMiddleware::MaxMessageSize(limit) => Op::MaxMessageSize(Limits::both(limit.bytes())),
    })
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
