//! What an operator decides about downloads: the section `download` of a config.

use std::{fmt, path::PathBuf, time::Duration};

/// Options of a [`Downloads`](crate::Downloads). The defaults are those of the section `download`.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the cache.
    pub directory: PathBuf,
    /// How many files are transferred at once.
    pub parallel: usize,
    /// Connections per file, from 64 MiB on.
    pub connections: usize,
    /// The limit of connecting.
    pub connect_timeout: Duration,
    /// How long a server may be silent.
    pub timeout: Duration,
    /// The limit of a whole download.
    pub deadline: Option<Duration>,
    /// How often a transfer that makes no progress is tried.
    pub attempts: u32,
    /// The longest wait that a server may ask for.
    pub max_wait: Duration,
    /// The largest file.
    pub max_size: u64,
    /// Bytes per second of the process.
    pub rate_limit: Option<u64>,
    /// When a checksum is needed.
    pub checksum: ChecksumPolicy,
    /// The age from which a file without a checksum is asked for again.
    pub revalidate: Duration,
    /// Whether only the cache is used.
    pub offline: bool,
    /// Whether a file of the cache is used if the server cannot be asked for a newer one.
    pub stale_if_error: bool,
    /// Prefixes of URLs that may be used.
    pub allow: Vec<String>,
    /// Whether loopback, private and link-local addresses may be connected to.
    pub private_addresses: bool,
    /// The most redirects that are followed.
    pub redirects: u32,
    /// The proxy.
    pub proxy: Proxy,
    /// Certificate authorities, in PEM, beside those of the system.
    pub certificate: Option<Vec<u8>>,
    /// Credentials per URL prefix.
    pub credentials: Vec<Credential>,
    /// Other places of files.
    pub mirrors: Vec<Mirror>,
    /// The largest size of the cache.
    pub cache_max_size: u64,
    /// The room that a download leaves on the disk.
    pub cache_min_free: u64,
    /// Whether a file is flushed to the disk before it is visible.
    pub durable: bool,
    /// The limits of unpacking.
    pub unpack: UnpackLimits,
}

impl Options {
    /// The defaults, with a cache in this folder.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            parallel: 4,
            connections: 4,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            deadline: None,
            attempts: 5,
            max_wait: Duration::from_secs(60),
            max_size: 20_000_000_000,
            rate_limit: None,
            checksum: ChecksumPolicy::Http,
            revalidate: Duration::ZERO,
            offline: false,
            stale_if_error: true,
            allow: ["https://", "http://", "store:"].map(str::to_owned).into(),
            private_addresses: true,
            redirects: 10,
            proxy: Proxy::Environment,
            certificate: None,
            credentials: Vec::new(),
            mirrors: Vec::new(),
            cache_max_size: 50_000_000_000,
            cache_min_free: 1_000_000_000,
            durable: true,
            unpack: UnpackLimits::default(),
        }
    }
}

/// When a download needs a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ChecksumPolicy {
    /// Never.
    Optional,
    /// Over plain HTTP, unless the server is on this machine.
    #[default]
    Http,
    /// Always.
    Required,
}

/// Which proxy is used.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    #[default]
    Environment,
    /// None.
    Off,
    /// This one, by its URL.
    Url(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may have a password.
        f.write_str(match self {
            Proxy::Environment => "Environment",
            Proxy::Off => "Off",
            Proxy::Url(_) => "Url(…)",
        })
    }
}

/// Credentials for the URLs below a prefix. Of several, the longest prefix counts.
#[derive(Clone)]
pub struct Credential {
    /// The prefix.
    pub url: String,
    /// What is sent.
    pub secret: CredentialSecret,
}

/// What is sent to a server.
#[derive(Clone)]
pub enum CredentialSecret {
    /// `Authorization: Bearer TOKEN`.
    Token(String),
    /// `Authorization: Basic …`.
    Basic {
        /// The user.
        username: String,
        /// The user's password.
        password: String,
    },
    /// A header of its own.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").finish_non_exhaustive()
    }
}

/// Other places of the files below a prefix.
#[derive(Clone, Debug)]
pub struct Mirror {
    /// The prefix that is replaced.
    pub url: String,
    /// What replaces it, in the order in which they are tried.
    pub to: Vec<String>,
}

/// The limits of unpacking one archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// Bytes that are written.
    pub max_size: u64,
    /// Entries.
    pub max_files: u64,
    /// Bytes that are written per byte of the archive, once 100 MB are written.
    pub max_ratio: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            max_size: 50_000_000_000,
            max_files: 100_000,
            max_ratio: 200,
        }
    }
}
