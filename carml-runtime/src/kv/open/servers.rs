//! What all providers with servers take from the section `registry`.

use carml_kv::client::Tls;

use crate::config::{Pem, model::Registry};

/// Who to log in as, with the password.
#[cfg(any(feature = "etcd", feature = "zookeeper"))]
pub(super) fn user(config: &Registry) -> Result<Option<(String, String)>, String> {
    match (&config.username, &config.password) {
        (Some(name), Some(password)) => Ok(Some((name.clone(), password.expose().to_owned()))),
        (Some(_), None) => Err("`registry.username` needs `registry.password`".to_owned()),
        (None, Some(_)) => Err("`registry.password` needs `registry.username`".to_owned()),
        (None, None) => Ok(None),
    }
}

/// Certificates switch TLS on.
pub(super) fn tls(config: &Registry) -> Result<Option<Tls>, String> {
    let read = |key: &str, pem: &Option<Pem>| {
        let text = pem.as_ref().map(Pem::decode).transpose();
        let text = text.map_err(|why| format!("`registry.{key}`: {why}"))?;
        Ok::<_, String>(text.map(String::into_bytes))
    };
    let mut tls = Tls::new();
    tls.authority = read("certificate", &config.certificate)?;
    let certificate = read("client_certificate", &config.client_certificate)?;
    let key = read("client_key", &config.client_key)?;
    tls.identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            let why = "`registry.client_certificate` and `registry.client_key` need each other";
            return Err(why.to_owned());
        }
    };
    Ok((tls.authority.is_some() || tls.identity.is_some()).then_some(tls))
}
