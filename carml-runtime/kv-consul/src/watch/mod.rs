//! Watches: one blocking query follows a scope for all who want to know of it.

mod difference;
mod feed;
mod followers;
mod subscription;

pub(crate) use self::{feed::Feed, followers::Followers, subscription::subscribe};
