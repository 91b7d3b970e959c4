//! A real server that is compatible with S3.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use carml_store::{Store, StoreOptions};
use carml_store_s3::{Credentials, Options, Retry, S3};
use carml_test_servers::Server;

use crate::Fixture;

/// The server of this process. It ends with it.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&["versitygw"]))
}

/// How to use a server at an address, such as that of a proxy.
pub fn options(server: &Server, endpoint: &str) -> Options {
    let text = |name: &str| server.about()[name].as_str().unwrap().to_owned();
    Options {
        endpoint: Some(format!("http://{endpoint}")),
        bucket: text("bucket"),
        region: text("region"),
        credentials: Credentials::Keys {
            access_key: text("access_key"),
            secret_key: text("secret_key"),
            session_token: None,
        },
        timeout: Duration::from_secs(10),
        retry: Retry {
            attempts: 4,
            max_wait: Duration::from_secs(5),
        },
        // The least that S3 takes: more parts in a test.
        part_size: 5 << 20,
        ..Options::default()
    }
}

/// Provider `s3`, below a prefix of its own.
pub struct S3Bucket {
    provider: S3,
    prefix: String,
}

impl S3Bucket {
    /// The folder of the bucket that has all of its objects.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A prefix that no other test has.
    pub fn unused_prefix() -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        format!("test-{}", NEXT.fetch_add(1, Relaxed))
    }
}

impl Fixture for S3Bucket {
    async fn new() -> Self {
        let server = tokio::task::spawn_blocking(server).await.unwrap();
        let endpoint = server.endpoints().remove(0);
        Self {
            provider: S3::new(options(server, &endpoint)).unwrap(),
            prefix: Self::unused_prefix(),
        }
    }

    fn store(&self, options: &StoreOptions) -> Store {
        let options = StoreOptions {
            prefix: format!("{}/{}", self.prefix, options.prefix.trim_start_matches('/')),
            ..options.clone()
        };
        Store::new(self.provider.clone(), &options).unwrap()
    }
}
