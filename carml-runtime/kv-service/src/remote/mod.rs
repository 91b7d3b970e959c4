//! A served store as a backend, so that all that works on a [`Kv`](carml_runtime::kv::Kv) works
//! on one far away.

mod calls;
mod lease;
mod lock;
mod watch;

use std::time::Duration;

use carml_runtime::kv::{Backend, Error, ErrorKind, contract::*};
use tonic::transport::{Channel, Endpoint};

use super::api::KeyValueClient;

/// `carml.kv.v1.KeyValue`, called. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Remote {
    client: KeyValueClient<Channel>,
}

impl Remote {
    /// A client of the store at `http://host:port`. It connects when it is first called, and
    /// again after every break.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` if the text is not such an address.
    pub fn new(address: &str) -> Result<Self, Error> {
        let refused = || {
            let why = format!("`{address}` is no address: write http://host:port");
            Error::new(ErrorKind::InvalidArgument, "connect", why)
        };
        let endpoint = Endpoint::from_shared(address.to_owned())
            .map_err(|error| refused().with_source(error))?;
        if endpoint.uri().scheme_str() != Some("http") {
            return Err(refused());
        }
        let channel = endpoint
            .connect_timeout(Duration::from_secs(5))
            // Room for small frames that wait to be read, as on the server.
            .initial_connection_window_size(16 << 20)
            // A watch or a lock notices a server that is gone without a word.
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(10))
            .connect_lazy();
        Ok(Self {
            client: KeyValueClient::new(channel),
        })
    }
}

macro_rules! offered {
    ($($accessor:ident: $call:ident),+ $(,)?) => {
        impl Backend for Remote {
            fn provider(&self) -> &'static str {
                "carml"
            }
            $(fn $accessor(&self) -> Option<&dyn $call> {
                Some(self)
            })+
        }
    };
}

// What the proto lacks is left out: transactions, elections, and closing somebody else's store.
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
}
