//! The object store: its API, and the store that a config names.

pub use carml_store::*;
#[cfg(feature = "store-s3")]
pub use carml_store_s3 as s3;

use crate::config::model::{self, StoreProvider};

/// Opens the store that the config names. `Unsupported` if the provider is not compiled in.
///
/// # Errors
///
/// For `fs`, as the system says. For `s3` nothing is sent: `InvalidArgument` if the section is
/// wrong.
pub async fn open(config: &model::Store) -> Result<Store, Error> {
    let options = StoreOptions {
        prefix: config.prefix.clone(),
        max_size: config.max_size.map(carml_config::ByteSize::bytes),
    };
    match config.provider {
        StoreProvider::Fs => {
            let (path, durable) = (config.path.clone(), config.durable);
            let opened = tokio::task::spawn_blocking(move || fs::Fs::open(path, durable)).await;
            let opened = opened.unwrap_or_else(|error| {
                let why = "the opening task was cancelled";
                Err(Error::new(ErrorKind::Cancelled, "open", why).with_source(error))
            });
            Store::new(opened?, &options)
        }
        StoreProvider::Memory => Store::new(memory::Memory::new(), &options),
        #[cfg(feature = "store-s3")]
        StoreProvider::S3 => Store::new(s3::S3::new(s3_options(config)?)?, &options),
        #[cfg(not(feature = "store-s3"))]
        StoreProvider::S3 => {
            let why = "this binary was built without the provider `s3`; enable the feature \
                       `store-s3` of carml-runtime";
            Err(Error::new(ErrorKind::Unsupported, "open", why))
        }
    }
}

#[cfg(feature = "store-s3")]
fn s3_options(config: &model::Store) -> Result<s3::Options, Error> {
    use crate::config::{Pem, Secret, model::StoreChecksum, model::StoreCredentials};

    let refuse = |why: String| Error::new(ErrorKind::InvalidArgument, "open", why);
    let needed = |key: &str| refuse(format!("`provider: s3` needs `store.{key}`"));
    let certificate = config.certificate.as_ref().map(Pem::decode).transpose();
    let certificate = certificate.map_err(|why| refuse(format!("`store.certificate`: {why}")))?;
    let text = |secret: &Option<Secret>, key| match secret {
        Some(secret) => Ok(secret.expose().clone()),
        None => Err(needed(key)),
    };
    let credentials = match config.credentials {
        StoreCredentials::Config => s3::Credentials::Keys {
            access_key: text(&config.access_key, "access_key")?,
            secret_key: text(&config.secret_key, "secret_key")?,
            session_token: config
                .session_token
                .as_ref()
                .map(|token| token.expose().clone()),
        },
        StoreCredentials::Environment => s3::Credentials::Environment,
        StoreCredentials::Anonymous => s3::Credentials::Anonymous,
    };
    Ok(s3::Options {
        endpoint: config.endpoint.as_ref().map(ToString::to_string),
        bucket: config.bucket.clone().ok_or_else(|| needed("bucket"))?,
        region: config.region.clone(),
        virtual_host: config.virtual_host,
        certificate: certificate.map(String::into_bytes),
        credentials,
        connect_timeout: config.connect_timeout.get(),
        timeout: config.timeout.get(),
        retry: s3::Retry {
            attempts: u32::try_from(config.retry.attempts).unwrap_or(u32::MAX),
            max_wait: config.retry.max_wait.get(),
        },
        part_size: config.part_size.bytes(),
        concurrency: usize::try_from(config.concurrency).unwrap_or(usize::MAX),
        checksum: config.checksum == StoreChecksum::Crc32c,
    })
}

#[cfg(all(test, feature = "store-s3"))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_key_of_s3_is_used() {
        let config: model::Store = serde_json::from_str(
            r#"{"provider":"s3","endpoint":"http://host:9000","bucket":"models","region":"r",
                "virtual_host":true,"certificate":"-----BEGIN CERTIFICATE-----",
                "access_key":"a","secret_key":"s","session_token":"t","connect_timeout":"1s",
                "timeout":"2s","retry":{"attempts":7,"max_wait":"3s"},"part_size":"8mib",
                "concurrency":2,"checksum":"none"}"#,
        )
        .unwrap();
        let options = s3_options(&config).unwrap();
        assert_eq!(options.endpoint.as_deref(), Some("http://host:9000"));
        assert_eq!((&options.bucket[..], &options.region[..]), ("models", "r"));
        assert!(options.virtual_host && options.certificate.is_some() && !options.checksum);
        assert!(matches!(
            options.credentials,
            s3::Credentials::Keys { access_key, secret_key, session_token: Some(token) }
                if access_key == "a" && secret_key == "s" && token == "t"
        ));
        let second = Duration::from_secs(1);
        assert_eq!(
            (options.connect_timeout, options.timeout),
            (second, 2 * second)
        );
        assert_eq!(
            (options.retry.attempts, options.retry.max_wait),
            (7, 3 * second)
        );
        assert_eq!((options.part_size, options.concurrency), (8 << 20, 2));
    }

    #[tokio::test]
    async fn a_folder_and_memory_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        for provider in ["fs", "memory"] {
            let path = folder.path().join("objects");
            let text = format!(r#"{{"provider":"{provider}","path":{path:?},"prefix":"p"}}"#);
            let config: model::Store = serde_json::from_str(&text).unwrap();
            let store = open(&config).await.unwrap();
            let key: Key = "key".parse().unwrap();
            store.put(&key, "x", PutOptions::default()).await.unwrap();
            assert_eq!(store.provider(), provider);
        }
        assert!(folder.path().join("objects/p/key").exists());
    }
}
