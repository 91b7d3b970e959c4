//! Options of middlewares that have a short form: one value for all methods.

use crate::{
    ByteSize, Duration,
    model::{MaxMessageSize, Timeout},
};

impl Timeout {
    /// Whether one of the timeouts is 0.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Duration(all) => all.is_zero(),
            Self::Timeouts(some) => {
                let methods = some.methods.iter().map(|entry| entry.timeout);
                some.default
                    .into_iter()
                    .chain(methods)
                    .any(Duration::is_zero)
            }
        }
    }
}

impl From<Duration> for Timeout {
    fn from(all: Duration) -> Self {
        Self::Duration(all)
    }
}

impl MaxMessageSize {
    /// Whether one of the sizes is 0.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::ByteSize(all) => all.is_zero(),
            Self::MessageSizes(some) => {
                let methods = some.methods.iter();
                let methods = methods.flat_map(|entry| entry.receive.into_iter().chain(entry.send));
                let all = some.send.into_iter().chain([some.receive]);
                all.chain(methods).any(ByteSize::is_zero)
            }
        }
    }
}

impl From<ByteSize> for MaxMessageSize {
    fn from(both: ByteSize) -> Self {
        Self::ByteSize(both)
    }
}
