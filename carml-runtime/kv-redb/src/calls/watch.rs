//! Watches.

use carml_kv::{
    Key, WatchStart, WatchStream,
    contract::{Answer, Watch, WatchTree},
};

use crate::{Redb, stream::Subscription, watchers::Scope};

impl Watch for Redb {
    fn watch(&self, key: Key, from: WatchStart) -> Answer<'_, WatchStream> {
        let shared = self.shared.clone();
        Box::pin(Subscription::start("watch", shared, Scope::Key(key), from))
    }
}

impl WatchTree for Redb {
    fn watch_tree(&self, dir: Option<Key>, from: WatchStart) -> Answer<'_, WatchStream> {
        let prefix = dir.map_or_else(String::new, |d| d.prefix());
        let shared = self.shared.clone();
        Box::pin(Subscription::start(
            "watch_tree",
            shared,
            Scope::Tree(prefix),
            from,
        ))
    }
}
