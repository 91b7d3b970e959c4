// Generated from schema/registry.json; do not edit.
use super::Scope;
/// A store behind the key/value layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// Consul
    Consul,
    /// etcd
    Etcd,
    /// ZooKeeper
    Zookeeper,
    /// redb
    Redb,
}
/// All of them, in the table's order.
pub const PROVIDERS: &[Provider] = &[
    Provider::Consul,
    Provider::Etcd,
    Provider::Zookeeper,
    Provider::Redb,
];
impl Provider {
    /// The name in the config.
    pub fn as_str(self) -> &'static str {
        match self {
            Provider::Consul => "consul",
            Provider::Etcd => "etcd",
            Provider::Zookeeper => "zookeeper",
            Provider::Redb => "redb",
        }
    }
    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Provider::Consul => "Consul",
            Provider::Etcd => "etcd",
            Provider::Zookeeper => "ZooKeeper",
            Provider::Redb => "redb",
        }
    }
    /// The inverse of [`as_str`](Self::as_str).
    pub fn parse(text: &str) -> Option<Provider> {
        PROVIDERS.iter().copied().find(|one| one.as_str() == text)
    }
}
/// A call of the key/value contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// Writes a value.
    Put,
    /// Reads a value with its revision.
    Get,
    /// Removes a key, and returns whether it existed.
    Delete,
    /// Checks whether a key exists.
    Exists,
    /// Delivers the changes of one key.
    Watch,
    /// Delivers the changes of every key under a folder.
    WatchTree,
    /// Mutual exclusion with a fencing token.
    Lock,
    /// Reads the keys under a folder, in pages.
    List,
    /// Removes every key under a folder.
    DeleteTree,
    /// Writes only if the revision is the expected one.
    AtomicPut,
    /// Removes only if the revision is the expected one.
    AtomicDelete,
    /// Keys that are removed unless their holder renews the lease.
    Lease,
    /// Several changes that are applied together.
    Transaction,
    /// One leader among candidates.
    Election,
    /// Ends all streams and closes the connection.
    Close,
}
/// All of them, in the table's order.
pub const CALLS: &[Call] = &[
    Call::Put,
    Call::Get,
    Call::Delete,
    Call::Exists,
    Call::Watch,
    Call::WatchTree,
    Call::Lock,
    Call::List,
    Call::DeleteTree,
    Call::AtomicPut,
    Call::AtomicDelete,
    Call::Lease,
    Call::Transaction,
    Call::Election,
    Call::Close,
];
impl Call {
    /// The name in the config.
    pub fn as_str(self) -> &'static str {
        match self {
            Call::Put => "put",
            Call::Get => "get",
            Call::Delete => "delete",
            Call::Exists => "exists",
            Call::Watch => "watch",
            Call::WatchTree => "watch_tree",
            Call::Lock => "lock",
            Call::List => "list",
            Call::DeleteTree => "delete_tree",
            Call::AtomicPut => "atomic_put",
            Call::AtomicDelete => "atomic_delete",
            Call::Lease => "lease",
            Call::Transaction => "transaction",
            Call::Election => "election",
            Call::Close => "close",
        }
    }
    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Call::Put => "Put",
            Call::Get => "Get",
            Call::Delete => "Delete",
            Call::Exists => "Exists",
            Call::Watch => "Watch",
            Call::WatchTree => "WatchTree",
            Call::Lock => "NewLock (Lock/Unlock)",
            Call::List => "List",
            Call::DeleteTree => "DeleteTree",
            Call::AtomicPut => "AtomicPut",
            Call::AtomicDelete => "AtomicDelete",
            Call::Lease => "Lease (TTL)",
            Call::Transaction => "Transaction",
            Call::Election => "Election",
            Call::Close => "Close",
        }
    }
    /// The inverse of [`as_str`](Self::as_str).
    pub fn parse(text: &str) -> Option<Call> {
        CALLS.iter().copied().find(|one| one.as_str() == text)
    }
}
impl Provider {
    /// The port of its servers, where it has servers.
    pub fn default_port(self) -> Option<u16> {
        match self {
            Provider::Consul => Some(8500u16),
            Provider::Etcd => Some(2379u16),
            Provider::Zookeeper => Some(2181u16),
            Provider::Redb => None,
        }
    }
}
/// How far a provider's call reaches; `None`: the provider lacks it.
pub const fn scope(provider: Provider, call: Call) -> Option<Scope> {
    match (call, provider) {
        (Call::Put, Provider::Consul) => Some(Scope::Cluster),
        (Call::Put, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Put, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Put, Provider::Redb) => Some(Scope::Process),
        (Call::Get, Provider::Consul) => Some(Scope::Cluster),
        (Call::Get, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Get, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Get, Provider::Redb) => Some(Scope::Process),
        (Call::Delete, Provider::Consul) => Some(Scope::Cluster),
        (Call::Delete, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Delete, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Delete, Provider::Redb) => Some(Scope::Process),
        (Call::Exists, Provider::Consul) => Some(Scope::Cluster),
        (Call::Exists, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Exists, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Exists, Provider::Redb) => Some(Scope::Process),
        (Call::Watch, Provider::Consul) => Some(Scope::Cluster),
        (Call::Watch, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Watch, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Watch, Provider::Redb) => Some(Scope::Process),
        (Call::WatchTree, Provider::Consul) => Some(Scope::Cluster),
        (Call::WatchTree, Provider::Etcd) => Some(Scope::Cluster),
        (Call::WatchTree, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::WatchTree, Provider::Redb) => Some(Scope::Process),
        (Call::Lock, Provider::Consul) => Some(Scope::Cluster),
        (Call::Lock, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Lock, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Lock, Provider::Redb) => Some(Scope::Process),
        (Call::List, Provider::Consul) => Some(Scope::Cluster),
        (Call::List, Provider::Etcd) => Some(Scope::Cluster),
        (Call::List, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::List, Provider::Redb) => Some(Scope::Process),
        (Call::DeleteTree, Provider::Consul) => Some(Scope::Cluster),
        (Call::DeleteTree, Provider::Etcd) => Some(Scope::Cluster),
        (Call::DeleteTree, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::DeleteTree, Provider::Redb) => Some(Scope::Process),
        (Call::AtomicPut, Provider::Consul) => Some(Scope::Cluster),
        (Call::AtomicPut, Provider::Etcd) => Some(Scope::Cluster),
        (Call::AtomicPut, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::AtomicPut, Provider::Redb) => Some(Scope::Process),
        (Call::AtomicDelete, Provider::Consul) => Some(Scope::Cluster),
        (Call::AtomicDelete, Provider::Etcd) => Some(Scope::Cluster),
        (Call::AtomicDelete, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::AtomicDelete, Provider::Redb) => Some(Scope::Process),
        (Call::Lease, Provider::Consul) => Some(Scope::Cluster),
        (Call::Lease, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Lease, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Lease, Provider::Redb) => Some(Scope::Process),
        (Call::Transaction, Provider::Consul) => Some(Scope::Cluster),
        (Call::Transaction, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Transaction, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Transaction, Provider::Redb) => Some(Scope::Process),
        (Call::Election, Provider::Consul) => Some(Scope::Cluster),
        (Call::Election, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Election, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Election, Provider::Redb) => Some(Scope::Process),
        (Call::Close, Provider::Consul) => Some(Scope::Cluster),
        (Call::Close, Provider::Etcd) => Some(Scope::Cluster),
        (Call::Close, Provider::Zookeeper) => Some(Scope::Cluster),
        (Call::Close, Provider::Redb) => Some(Scope::Process),
    }
}
/// Makes a type the backend of a provider. It gives out the calls that the table names;
/// a type that implements more or less than those does not compile.
#[macro_export]
macro_rules! provide {
    (consul, $backend:ty) => {
        $crate::backend! { "consul", $backend, has Put as_put; has Get as_get; has Delete
        as_delete; has Exists as_exists; has Watch as_watch; has WatchTree as_watch_tree;
        has Lock as_lock; has List as_list; has DeleteTree as_delete_tree; has AtomicPut
        as_atomic_put; has AtomicDelete as_atomic_delete; has Leases as_lease; has
        Transaction as_transaction; has Election as_election; has Close as_close; }
    };
    (etcd, $backend:ty) => {
        $crate::backend! { "etcd", $backend, has Put as_put; has Get as_get; has Delete
        as_delete; has Exists as_exists; has Watch as_watch; has WatchTree as_watch_tree;
        has Lock as_lock; has List as_list; has DeleteTree as_delete_tree; has AtomicPut
        as_atomic_put; has AtomicDelete as_atomic_delete; has Leases as_lease; has
        Transaction as_transaction; has Election as_election; has Close as_close; }
    };
    (zookeeper, $backend:ty) => {
        $crate::backend! { "zookeeper", $backend, has Put as_put; has Get as_get; has
        Delete as_delete; has Exists as_exists; has Watch as_watch; has WatchTree
        as_watch_tree; has Lock as_lock; has List as_list; has DeleteTree as_delete_tree;
        has AtomicPut as_atomic_put; has AtomicDelete as_atomic_delete; has Leases
        as_lease; has Transaction as_transaction; has Election as_election; has Close
        as_close; }
    };
    (redb, $backend:ty) => {
        $crate::backend! { "redb", $backend, has Put as_put; has Get as_get; has Delete
        as_delete; has Exists as_exists; has Watch as_watch; has WatchTree as_watch_tree;
        has Lock as_lock; has List as_list; has DeleteTree as_delete_tree; has AtomicPut
        as_atomic_put; has AtomicDelete as_atomic_delete; has Leases as_lease; has
        Transaction as_transaction; has Election as_election; has Close as_close; }
    };
}
/// The table as Markdown.
pub const MARKDOWN: &str = "| Call | Consul | etcd | ZooKeeper | redb |\n|---|:---:|:---:|:---:|:---:|\n| Put | cluster | cluster | cluster | process |\n| Get | cluster | cluster | cluster | process |\n| Delete | cluster | cluster | cluster | process |\n| Exists | cluster | cluster | cluster | process |\n| Watch | cluster | cluster | cluster | process |\n| WatchTree | cluster | cluster | cluster | process |\n| NewLock (Lock/Unlock) | cluster | cluster | cluster | process |\n| List | cluster | cluster | cluster | process |\n| DeleteTree | cluster | cluster | cluster | process |\n| AtomicPut | cluster | cluster | cluster | process |\n| AtomicDelete | cluster | cluster | cluster | process |\n| Lease (TTL) | cluster | cluster | cluster | process |\n| Transaction | cluster | cluster | cluster | process |\n| Election | cluster | cluster | cluster | process |\n| Close | cluster | cluster | cluster | process |\n";
