//! What those who wait for changes have not looked at yet.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use carml_kv::SnapshotReason;
use tokio::sync::Notify;

use crate::shared::Shared;

/// What happened since it was last asked.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The nodes that changed.
    pub(crate) paths: BTreeSet<String>,
    /// Changes may have been missed.
    pub(crate) missed: Option<SnapshotReason>,
    /// There is no connection.
    pub(crate) down: bool,
}

impl News {
    fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.missed.is_none() && !self.down
    }
}

/// The nodes that somebody waits for.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    Node(String),
    /// What is below a node, with its `/`.
    Below(String),
}

impl Filter {
    fn contains(&self, path: &str) -> bool {
        match self {
            Filter::Node(node) => path == node,
            Filter::Below(prefix) => path.starts_with(prefix),
        }
    }
}

#[derive(Debug)]
pub(super) struct Mailbox {
    filter: Filter,
    news: Mutex<News>,
    arrived: Notify,
}

impl Mailbox {
    pub(super) fn new(filter: Filter) -> Mailbox {
        Mailbox {
            filter,
            news: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut News)) {
        change(&mut self.news());
        self.arrived.notify_one();
    }

    pub(super) fn changed(&self, path: &str) {
        if self.filter.contains(path) {
            self.change(|news| {
                news.paths.insert(path.to_owned());
            });
        }
    }

    pub(super) fn disconnected(&self) {
        self.change(|news| news.down = true);
    }

    /// There is a connection, and changes may have been missed before it.
    pub(super) fn missed(&self, reason: SnapshotReason) {
        self.change(|news| (news.down, news.missed) = (false, Some(reason)));
    }
}

/// Gets the news of some nodes until it is dropped.
pub(crate) struct Subscription {
    pub(super) shared: Weak<Shared>,
    pub(super) id: u64,
    pub(super) mailbox: Arc<Mailbox>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.hub.boxes().remove(&self.id);
        }
    }
}

impl Subscription {
    /// Waits for news, and takes them.
    pub(crate) async fn news(&self) -> News {
        loop {
            let news = std::mem::take(&mut *self.mailbox.news());
            if !news.is_empty() {
                return news;
            }
            self.mailbox.arrived.notified().await;
        }
    }

    /// For a reader that begins to read everything: what it reads is not older than the news.
    pub(crate) fn forget(&self) {
        *self.mailbox.news() = News::default();
    }

    /// Whether changes may have been missed.
    pub(crate) fn is_interrupted(&self) -> bool {
        let news = self.mailbox.news();
        news.missed.is_some() || news.down
    }

    /// Whether no news have arrived.
    pub(crate) fn is_quiet(&self) -> bool {
        self.mailbox.news().is_empty()
    }

    /// For a reader that could not read what changed.
    pub(crate) fn missed(&self, reason: SnapshotReason) {
        self.mailbox.missed(reason);
    }
}
