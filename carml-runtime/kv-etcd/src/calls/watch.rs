//! Watches.

use carml_kv::{
    Key, WatchStart, WatchStream,
    client::Call,
    contract::{Answer, Watch, WatchTree},
};

use crate::{Etcd, watch::subscribe};

impl Watch for Etcd {
    fn watch(&self, key: Key, from: WatchStart) -> Answer<'_, WatchStream> {
        Box::pin(async move {
            let scope = self.shared.namespace.one(&key);
            let call = Call::read("watch").on(key.as_str());
            subscribe(self, &call, "watch", scope, from).await
        })
    }
}

impl WatchTree for Etcd {
    fn watch_tree(&self, dir: Option<Key>, from: WatchStart) -> Answer<'_, WatchStream> {
        Box::pin(async move {
            let scope = self.shared.namespace.dir(dir.as_ref());
            let call = Call::read("watch_tree");
            subscribe(self, &call, "watch_tree", scope, from).await
        })
    }
}
