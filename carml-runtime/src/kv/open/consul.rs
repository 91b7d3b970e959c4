//! The section `registry` for Consul.

use std::sync::Arc;

use carml_kv_consul::{Consul, Options};

use super::{Opened, servers::tls};
use crate::{
    config::{Duration, Endpoint, model::Registry},
    kv::{Error, ErrorKind, Kv},
};

pub(super) async fn open(config: &Registry) -> Result<Opened, Error> {
    let options = options(config).map_err(|why| {
        Error::new(ErrorKind::InvalidArgument, "open", why).with_backend("consul")
    })?;
    let consul = Consul::connect(&options).await?;
    let root = Kv::new(consul.without_bucket(), options.timeout);
    Ok(Opened {
        directory: Arc::new(consul.catalogue()),
        kv: Kv::new(consul, options.timeout),
        root,
    })
}

fn options(config: &Registry) -> Result<Options, String> {
    let endpoints = config.endpoints.iter();
    let mut options = Options::new(endpoints.map(Endpoint::as_str));
    options.bucket.clone_from(&config.bucket);
    options.timeout = config.timeout.get();
    options.request_timeout = config.header_timeout_per_request.map(Duration::get);
    let token = config.token.as_ref();
    options.token = token.map(|token| token.expose().to_owned());
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
            r#"{{"provider":"consul","endpoints":["a","b:1"],"bucket":"b","token":"t","timeout":"7s",
                "header_timeout_per_request":"1s","certificate":"{pem}",
                "client_certificate":"{pem}","client_key":"{pem}"}}"#
        );
        let config: Registry = serde_json::from_str(&text).unwrap();
        let options = options(&config).unwrap();
        assert_eq!(options.endpoints, ["a", "b:1"]);
        assert_eq!(
            (&options.bucket[..], options.token.as_deref()),
            ("b", Some("t"))
        );
        assert_eq!(options.timeout.as_secs(), 7);
        assert_eq!(options.request_timeout.unwrap().as_secs(), 1);
        let tls = options.tls.as_ref().unwrap();
        assert_eq!(tls.authority.as_deref(), Some(pem.as_bytes()));
        assert!(tls.identity.is_some());
        assert!(
            !format!("{options:?}").contains("\"t\""),
            "the token is shown"
        );
    }
}
