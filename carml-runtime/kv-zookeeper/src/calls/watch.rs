//! Watches.

use carml_kv::{
    Key, WatchStart, WatchStream,
    client::Call,
    contract::{Answer, Watch, WatchTree},
};

use crate::{
    Zookeeper,
    watch::{Scope, start},
};

impl Watch for Zookeeper {
    fn watch(&self, key: Key, from: WatchStart) -> Answer<'_, WatchStream> {
        Box::pin(async move {
            let scope = Scope::Key(self.ensemble().namespace.native(&key));
            let call = Call::read("watch").on(key.as_str());
            start(self, &call, scope, from).await
        })
    }
}

impl WatchTree for Zookeeper {
    fn watch_tree(&self, dir: Option<Key>, from: WatchStart) -> Answer<'_, WatchStream> {
        Box::pin(async move {
            let scope = Scope::Below(self.ensemble().namespace.dir(dir.as_ref()));
            start(self, &Call::read("watch_tree"), scope, from).await
        })
    }
}
