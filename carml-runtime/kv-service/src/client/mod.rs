//! A served store as a backend.

mod calls;
mod election;
mod hold;
mod lease;
mod lock;
mod watch;

use std::{sync::Arc, time::Duration};

use carml_kv::client::{Leases as KnownLeases, Released};
use carml_runtime::kv::{Backend, Error, ErrorKind, contract::*};
use tonic::transport::{Channel, Endpoint};

use super::api::KeyValueClient;

/// A client of `carml.kv.v1.KeyValue`, as a backend for [`Kv`](carml_runtime::kv::Kv). Cheap to
/// clone.
///
/// ```no_run
/// use std::time::Duration;
///
/// use carml_kv_service::KvClient;
/// use carml_runtime::kv::{Error, Kv};
///
/// /// The number of guests that a served store has.
/// async fn guests(address: &str) -> Result<usize, Error> {
///     let kv = Kv::new(KvClient::new(address)?, Duration::from_secs(10));
///     let page = kv.list(Some("guests".parse()?), Default::default()).await?;
///     Ok(page.entries.len())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct KvClient {
    client: KeyValueClient<Channel>,
    /// The locks that were released, until the server knows it.
    released: Arc<Released>,
    /// The leases that were granted to it.
    leases: Arc<KnownLeases>,
    /// What `ListHolds` shows of its locks.
    name: Arc<str>,
}

impl KvClient {
    /// A client of the store at `http://host:port`. It connects on the first call, and reconnects
    /// after a broken connection.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` if the address is malformed.
    pub fn new(address: &str) -> Result<Self, Error> {
        let refused = || {
            let why = format!("`{address}` is not an address: expected http://host:port");
            Error::new(ErrorKind::InvalidArgument, "connect", why)
        };
        let endpoint = Endpoint::from_shared(address.to_owned())
            .map_err(|error| refused().with_source(error))?;
        if endpoint.uri().scheme_str() != Some("http") {
            return Err(refused());
        }
        let channel = endpoint
            .connect_timeout(Duration::from_secs(5))
            // Room for small frames that are not read yet, as on the server.
            .initial_connection_window_size(16 << 20)
            // Detects a server that disappeared without closing the connection.
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(10))
            .connect_lazy();
        Ok(Self {
            client: KeyValueClient::new(channel),
            released: Arc::default(),
            leases: Arc::default(),
            name: process_name().into(),
        })
    }
}

/// The program and the number of its process, for people.
fn process_name() -> String {
    let program = std::env::args_os().next();
    let program = program.as_deref().map(std::path::Path::new);
    let name = program.and_then(std::path::Path::file_name);
    let mut name = name.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    name.truncate(name.floor_char_boundary(200));
    format!("{name} (process {})", std::process::id())
}

macro_rules! offered {
    ($($accessor:ident: $call:ident),+ $(,)?) => {
        impl Backend for KvClient {
            fn provider(&self) -> &'static str {
                "carml"
            }
            $(fn $accessor(&self) -> Option<&dyn $call> {
                Some(self)
            })+
        }
    };
}

// A client cannot close the store of a server.
offered! {
    as_put: Put,
    as_get: Get,
    as_delete: Delete,
    as_exists: Exists,
    as_list: List,
    as_delete_tree: DeleteTree,
    as_atomic_put: AtomicPut,
    as_atomic_delete: AtomicDelete,
    as_watch: Watch,
    as_watch_tree: WatchTree,
    as_lock: Lock,
    as_lease: Leases,
    as_transaction: Transaction,
    as_election: Election,
}
