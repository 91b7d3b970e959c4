//! How often a call waits for the server.

use std::time::{Duration, Instant};

use carml_runtime::kv::{Key, Kv, Revision, Txn};

use crate::{
    delay::{DELAY, proxy},
    open,
};

/// The fewest of several calls: a busy machine adds time.
const TRIES: usize = 5;

fn key(name: &str) -> Key {
    Key::parse(name).unwrap()
}

/// Prints the round trips of each call.
pub(crate) async fn count(provider: &str, endpoint: &str) {
    let kv = &open(provider, &proxy(endpoint).await).await;
    let mut line = Vec::new();
    macro_rules! calls {
        ($($name:literal: $before:expr => $call:expr;)+) => {
            $(
                let mut least = Duration::MAX;
                for _ in 0..TRIES {
                    let before = $before.await;
                    let _ = &before;
                    let start = Instant::now();
                    let _done = $call(before).await;
                    least = least.min(start.elapsed());
                }
                let trips = least.as_secs_f64() / (2 * DELAY).as_secs_f64();
                line.push(format!("{} {trips:.1}", $name));
            )+
        };
    }
    let put = async |name: &str| kv.put(key(name), "v", None).await.unwrap();
    let gone = async |name: &str| {
        kv.delete(key(name)).await.unwrap();
    };
    calls! {
        "get": put("k") => async |_: Revision| kv.get(&key("k")).await.unwrap();
        "exists": put("k") => async |_: Revision| kv.exists(&key("k")).await.unwrap();
        "put": put("k") => async |_: Revision| put("k").await;
        "put of a new key": gone("n") => async |()| put("n").await;
        "atomic_put": put("k") => async |at: Revision| {
            kv.atomic_put(key("k"), "w", Some(at), None).await.unwrap()
        };
        "atomic_put of a new key": gone("n") => async |()| {
            kv.atomic_put(key("n"), "w", None, None).await.unwrap()
        };
        "delete": put("k") => async |_: Revision| kv.delete(key("k")).await.unwrap();
        "atomic_delete": put("k") => async |at: Revision| {
            kv.atomic_delete(key("k"), at).await.unwrap();
        };
        "list": put("d/k") => async |_: Revision| {
            kv.list(Some(key("d")), Default::default()).await.unwrap()
        };
        "delete_tree": put("d/k") => async |_: Revision| kv.delete_tree(key("d")).await.unwrap();
        "commit of 2": put("k") => async |at: Revision| {
            let txn = Txn::new().expect(key("k"), Some(at)).put(key("k"), "w");
            kv.commit(txn.put(key("l"), "w")).await.unwrap()
        };
        "lease": put("k") => async |_: Revision| {
            kv.lease(Duration::from_secs(20)).await.unwrap()
        };
        "put with a lease": leased(kv) => async |lease: carml_runtime::kv::Lease| {
            kv.put(key("leased"), "v", Some(lease.id())).await.unwrap()
        };
        "try_acquire": put("k") => async |_: Revision| kv.try_acquire(lock()).await.unwrap();
    }
    println!("{provider} round trips: {}", line.join(", "));
}

async fn leased(kv: &Kv) -> carml_runtime::kv::Lease {
    kv.delete(key("leased")).await.unwrap();
    kv.lease(Duration::from_secs(20)).await.unwrap()
}

/// A lock that nobody has held.
fn lock() -> Key {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static LOCKS: AtomicUsize = AtomicUsize::new(0);
    key(&format!("lock-{}", LOCKS.fetch_add(1, Ordering::Relaxed)))
}
