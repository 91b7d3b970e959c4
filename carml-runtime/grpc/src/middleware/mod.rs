//! The built-in middlewares, one folder each. The order is [`super::chain`]'s.

pub(super) mod logging;
pub(super) mod max_message_size;
pub(super) mod recover;
pub(super) mod timeout;
pub(super) mod tracing;
