//! How to reach an ensemble.

use std::time::Duration;

use carml_kv::client::Tls;

/// How to reach an ensemble.
///
/// ```
/// use carml_kv_zookeeper::Options;
///
/// let mut options = Options::new(["10.0.0.1", "10.0.0.2:2181"]);
/// options.bucket = "orders".to_owned();
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The servers: `host` or `host:port`.
    pub endpoints: Vec<String>,
    /// The node above all keys; nothing outside of it is read or changed.
    pub bucket: String,
    /// The user and the password of ZooKeeper's scheme `digest`.
    pub user: Option<(String, String)>,
    /// TLS. ZooKeeper needs `authority`.
    pub tls: Option<Tls>,
    /// How long one call may take, with all retries.
    pub timeout: Duration,
    /// How long one request may take, and how long a server may be silent until another one is
    /// asked. Without it, a server gets a part of `timeout`.
    pub request_timeout: Option<Duration>,
    /// The session timeout to ask for: how long a lock or a leadership outlives a holder that does
    /// not answer.
    pub lock_ttl: Duration,
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
        }
    }
}
