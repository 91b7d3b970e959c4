//! Watches: one task follows the changes of a scope, a bounded queue holds them for the consumer.

mod events;
mod follower;
mod subscription;

pub(crate) use self::{
    events::RawEvent,
    follower::{Follower, Step},
    subscription::subscribe,
};
