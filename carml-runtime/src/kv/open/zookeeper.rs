//! The section `registry` for ZooKeeper.

use carml_kv_zookeeper::{Options, Zookeeper};

use super::{
    Opened, directory,
    servers::{tls, user},
};
use crate::{
    config::{Duration, Endpoint, model::Registry},
    discovery::CuratorFormat,
    kv::{Error, ErrorKind, Kv},
};

pub(super) async fn open(config: &Registry) -> Result<Opened, Error> {
    let options = options(config).map_err(|why| {
        Error::new(ErrorKind::InvalidArgument, "open", why).with_backend("zookeeper")
    })?;
    let zookeeper = Zookeeper::connect(&options).await?;
    let root = Kv::new(zookeeper.without_bucket(), options.timeout);
    let kv = Kv::new(zookeeper, options.timeout);
    let directory = directory::directory(root.clone(), config, CuratorFormat)?;
    Ok(Opened {
        kv,
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
            r#"{{"provider":"zookeeper","endpoints":["a","b:1"],"bucket":"b","username":"u",
                "password":"p","timeout":"7s","header_timeout_per_request":"1s",
                "certificate":"{pem}","client_certificate":"{pem}","client_key":"{pem}"}}"#
        );
        let config: Registry = serde_json::from_str(&text).unwrap();
        let options = options(&config).unwrap();
        assert_eq!(options.endpoints, ["a", "b:1"]);
        assert_eq!(options.bucket, "b");
        assert_eq!(options.user, Some(("u".to_owned(), "p".to_owned())));
        assert_eq!(options.timeout.as_secs(), 7);
        assert_eq!(options.request_timeout.unwrap().as_secs(), 1);
        let tls = options.tls.unwrap();
        assert_eq!(tls.authority.as_deref(), Some(pem.as_bytes()));
        assert!(tls.identity.is_some());
    }
}
