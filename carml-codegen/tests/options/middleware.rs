//! The middlewares of `chain/schema.json`: each keeps its options.

use std::fmt::Debug;

pub trait Middleware: Sized + Debug {
    type Options;
    type State: Default;

    fn build(options: &Self::Options, place: &Place) -> Result<Self, Refusal>;
}

/// What a middleware is made with.
pub struct Place;

/// Why one cannot be made.
#[derive(Debug)]
pub struct Refusal;

pub trait Implicit: Middleware {
    fn implicit(value: u64) -> Self;
}

macro_rules! keeps_options {
    ($($module:ident: $name:ident($options:ty);)*) => {$(
        pub mod $module {
            use super::{Place, Refusal};

            #[derive(Debug)]
            pub struct $name(pub(super) $options);

            impl super::Middleware for $name {
                type Options = $options;
                type State = ();

                fn build(options: &$options, _place: &Place) -> Result<Self, Refusal> {
                    Ok(Self(options.clone()))
                }
            }
        }
    )*};
}

keeps_options! {
    plain: Plain(());
    trace: Trace(crate::chain::model::Trace);
    pause: Pause(crate::chain::Duration);
    rate_limit: RateLimit(crate::chain::model::RateLimit);
    compression: Compression(crate::chain::model::Compression);
    message_size: MessageSize(crate::chain::model::MessageSize);
    breaker: Breaker(crate::chain::model::Breaker);
}

impl Implicit for message_size::MessageSize {
    fn implicit(value: u64) -> Self {
        let size = crate::chain::ByteSize(format!("{value}b"));
        Self(crate::chain::model::MessageSize::ByteSize(size))
    }
}
