//! Watches.

use carml_kv::{
    Key, WatchStart, WatchStream,
    client::Call,
    contract::{Answer, Watch, WatchTree},
};

use crate::{Consul, watch::subscribe};

impl Watch for Consul {
    fn watch(&self, key: Key, from: WatchStart) -> Answer<'_, WatchStream> {
        Box::pin(async move {
            let scope = self.shared.namespace.one(&key);
            let call = Call::read("watch").on(key.as_str());
            subscribe(self, &call, scope, from).await
        })
    }
}

impl WatchTree for Consul {
    fn watch_tree(&self, dir: Option<Key>, from: WatchStart) -> Answer<'_, WatchStream> {
        Box::pin(async move {
            let scope = self.shared.namespace.dir(dir.as_ref());
            subscribe(self, &Call::read("watch_tree"), scope, from).await
        })
    }
}
