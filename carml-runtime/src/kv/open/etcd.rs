//! The section `registry` for etcd.

use carml_kv_etcd::{Etcd, Options};

use super::{
    Opened, directory,
    servers::{tls, user},
};
use crate::{
    config::{Duration, Endpoint, model::Registry},
    discovery::NamingFormat,
    kv::{Error, ErrorKind, Kv},
};

pub(super) async fn open(config: &Registry) -> Result<Opened, Error> {
    let options = options(config)
        .map_err(|why| Error::new(ErrorKind::InvalidArgument, "open", why).with_backend("etcd"))?;
    let etcd = Etcd::connect(&options).await?;
    // Other programs look for services outside of the bucket.
    let root = Kv::new(etcd.without_bucket(), options.timeout);
    let directory = directory::directory(root.clone(), config, NamingFormat)?;
    Ok(Opened {
        kv: Kv::new(etcd, options.timeout),
        root,
        directory,
    })
}

fn options(config: &Registry) -> Result<Options, String> {
    let endpoints = config.endpoints.iter();
    let mut options = Options::new(endpoints.map(Endpoint::as_str));
    options.bucket.clone_from(&config.bucket);
    options.timeout = config.timeout.get();
    options.request_timeout = config.header_timeout_per_request.map(Duration::get);
    options.auto_sync = config.auto_sync;
    options.user = user(config)?;
    options.tls = tls(config)?;
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_used() {
        let pem = "-----BEGIN CERTIFICATE-----";
        let text = format!(
            r#"{{"endpoints":["a","b:1"],"bucket":"b","username":"u","password":"p","timeout":"7s",
                "header_timeout_per_request":"1s","auto_sync":true,"certificate":"{pem}",
                "client_certificate":"{pem}","client_key":"{pem}"}}"#
        );
        let config: Registry = serde_json::from_str(&text).unwrap();
        let options = options(&config).unwrap();
        assert_eq!(options.endpoints, ["a", "b:1"]);
        assert_eq!((&options.bucket[..], options.auto_sync), ("b", true));
        assert_eq!(options.user, Some(("u".to_owned(), "p".to_owned())));
        assert_eq!(options.timeout.as_secs(), 7);
        assert_eq!(options.request_timeout.unwrap().as_secs(), 1);
        let tls = options.tls.unwrap();
        assert_eq!(tls.authority.as_deref(), Some(pem.as_bytes()));
        assert!(tls.identity.is_some());
    }

    #[test]
    fn half_of_a_pair_is_refused() {
        for half in [
            r#"{"username":"u"}"#,
            r#"{"password":"p"}"#,
            r#"{"client_key":"-----BEGIN PRIVATE KEY-----"}"#,
        ] {
            let config: Registry = serde_json::from_str(half).unwrap();
            assert!(options(&config).is_err(), "{half}");
        }
    }
}
