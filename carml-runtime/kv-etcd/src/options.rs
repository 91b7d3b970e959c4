//! How to reach a cluster.

use std::time::Duration;

use carml_kv::client::Tls;

/// How to reach a cluster.
///
/// ```
/// use carml_kv_etcd::Options;
///
/// let mut options = Options::new(["10.0.0.1", "10.0.0.2:2379"]);
/// options.bucket = "orders".to_owned();
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The servers: `host`, `host:port`, `http://host:port` or `https://host:port`.
    pub endpoints: Vec<String>,
    /// The prefix of all keys; nothing outside of it is read or changed.
    pub bucket: String,
    /// The user to log in as, and its password.
    pub user: Option<(String, String)>,
    /// TLS; also used without it for `https://` endpoints, with the system's authorities.
    pub tls: Option<Tls>,
    /// How long one call may take, with all retries.
    pub timeout: Duration,
    /// How long one request to one server may take. Without it, a request that can be repeated gets a
    /// part of `timeout`, so that there is time to ask another server.
    pub request_timeout: Option<Duration>,
    /// How long a lock or a leadership outlives a holder that does not answer.
    pub lock_ttl: Duration,
    /// Updates the list of servers from the cluster.
    pub auto_sync: bool,
}

impl Options {
    /// The defaults: bucket `carml`, no user, no TLS, 5 s per call.
    pub fn new(endpoints: impl IntoIterator<Item = impl Into<String>>) -> Options {
        Options {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            bucket: "carml".to_owned(),
            user: None,
            tls: None,
            timeout: Duration::from_secs(5),
            request_timeout: None,
            lock_ttl: Duration::from_secs(10),
            auto_sync: false,
        }
    }
}
