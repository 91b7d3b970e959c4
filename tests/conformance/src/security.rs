//! What the tests of TLS and of logins share.

use carml_runtime::{
    config::{Config, Loader, Schema},
    kv::{self, Kv, etcd::Tls},
};

use crate::Server;

/// A file of the test CA.
fn file(server: &Server, name: &str) -> Vec<u8> {
    let path = server.about()["pki"][name].as_str().unwrap();
    std::fs::read(path).unwrap()
}

/// TLS with one of the authorities, and perhaps with a client certificate.
pub fn tls(server: &Server, authority: &str, identity: Option<&str>) -> Option<Tls> {
    let mut tls = Tls::new();
    tls.authority = Some(file(server, authority));
    tls.identity = identity.map(|name| {
        let part = |kind| file(server, &format!("{name}_{kind}"));
        (part("pem"), part("key"))
    });
    Some(tls)
}

/// The registry of a config, opened; an error with its text.
pub async fn opened(registry: &str) -> Result<Kv, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carml.yml");
    std::fs::write(&file, format!("registry:\n{registry}")).unwrap();
    let loader = Loader::new(Schema::base().unwrap());
    let loaded = loader.file(file).load();
    let config: Config = loaded.unwrap().typed().unwrap();
    let opened = kv::open(&config.registry.unwrap()).await;
    opened.map_err(|error| error.to_string())
}
