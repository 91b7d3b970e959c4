//! How to reach a cluster.

use std::{fmt, time::Duration};

use carml_kv::client::Tls;

/// How to reach a cluster.
///
/// ```
/// use carml_kv_consul::Options;
///
/// let mut options = Options::new(["127.0.0.1", "10.0.0.2:8500"]);
/// options.bucket = "orders".to_owned();
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The agents: `host`, `host:port`, `http://host:port` or `https://host:port`.
    pub endpoints: Vec<String>,
    /// The prefix of all keys; nothing outside of it is read or changed.
    pub bucket: String,
    /// The ACL token.
    pub token: Option<String>,
    /// TLS; also used without it for `https://` endpoints, with the system's authorities.
    pub tls: Option<Tls>,
    /// How long one call may take, with all retries.
    pub timeout: Duration,
    /// How long the header of one answer may take. Without it, a request that can be repeated gets
    /// a part of `timeout`, so that there is time to ask another server.
    pub request_timeout: Option<Duration>,
    /// How long a lock or a leadership outlives a holder that does not answer, at least.
    pub lock_ttl: Duration,
    /// How long Consul refuses a lock after the session of its holder has ended without a release:
    /// at most 60 s. Not shorter than `lock_ttl`, a holder is alone until its `valid_until` even if
    /// Consul ends its session early.
    pub lock_delay: Duration,
}

impl Options {
    /// The defaults: bucket `carml`, no token, no TLS, 5 s per call.
    pub fn new(endpoints: impl IntoIterator<Item = impl Into<String>>) -> Options {
        Options {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            bucket: "carml".to_owned(),
            token: None,
            tls: None,
            timeout: Duration::from_secs(5),
            request_timeout: None,
            lock_ttl: Duration::from_secs(10),
            lock_delay: Duration::from_secs(15),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("endpoints", &self.endpoints)
            .field("bucket", &self.bucket)
            .field("token", &self.token.as_ref().map(|_| "***"))
            .field("tls", &self.tls)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
