//! Which service, and how it is used.

use std::{fmt, time::Duration};

/// Which service, and how it is used.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address of the service: `https://host:port`. Without one, that of AWS in the region.
    pub endpoint: Option<String>,
    /// The bucket, which must exist.
    pub bucket: String,
    /// The region; any text for services that have none.
    pub region: String,
    /// Whether the bucket is in the host's name instead of the path.
    pub virtual_host: bool,
    /// PEM certificates of the authorities to trust, instead of the system's.
    pub certificate: Option<Vec<u8>>,
    /// Who asks.
    pub credentials: Credentials,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long no byte may move, either way.
    pub timeout: Duration,
    /// When a request is sent again.
    pub retry: Retry,
    /// The size of a part of a large object. It is raised for objects of known size that would have
    /// more than 10,000 parts.
    pub part_size: u64,
    /// How many parts are sent at once.
    pub concurrency: usize,
    /// Whether parts are sent with a CRC32C.
    pub checksum: bool,
}

/// When a request is sent again.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// How often a request is sent in all.
    pub attempts: u32,
    /// The longest pause that a service can ask for.
    pub max_wait: Duration,
}

/// Who asks.
#[derive(Clone)]
pub enum Credentials {
    /// An access key.
    Keys {
        /// Its name.
        access_key: String,
        /// Its secret.
        secret_key: String,
        /// The token of temporary credentials.
        session_token: Option<String>,
    },
    /// AWS variables, files and the metadata service.
    Environment,
    /// Nobody: requests are not signed.
    Anonymous,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            endpoint: None,
            bucket: String::new(),
            region: "us-east-1".to_owned(),
            virtual_host: false,
            certificate: None,
            credentials: Credentials::Anonymous,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            retry: Retry {
                attempts: 5,
                max_wait: Duration::from_secs(60),
            },
            part_size: 16 << 20,
            concurrency: 4,
            checksum: true,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys { .. } => "Keys(..)",
            Self::Environment => "Environment",
            Self::Anonymous => "Anonymous",
        })
    }
}
