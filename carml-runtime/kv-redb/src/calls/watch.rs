//! Watches.
use carml_kv::{
    From, Key, WatchStream,
    contract::{Answer, Watch, WatchTree},
};

use crate::{Redb, hub::Scope, stream::Follow};

impl Watch for Redb {
    fn watch(&self, key: Key, from: From) -> Answer<'_, WatchStream> {
        let shared = self.shared.clone();
        Box::pin(Follow::begin("watch", shared, Scope::Key(key), from))
    }
}

impl WatchTree for Redb {
    fn watch_tree(&self, dir: Option<Key>, from: From) -> Answer<'_, WatchStream> {
        let prefix = dir.map_or_else(String::new, |d| d.prefix());
        let shared = self.shared.clone();
        Box::pin(Follow::begin(
            "watch_tree",
            shared,
            Scope::Tree(prefix),
            from,
        ))
    }
}
