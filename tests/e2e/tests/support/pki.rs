//! Certificates for tests, which OpenSSL makes.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, missing_docs)]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

/// Two authorities, and what the first has signed: `server`, `client`, `expired`.
pub struct Pki {
    folder: TempDir,
}

impl Pki {
    /// By the script that makes them for the servers of other tests.
    pub fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../servers/lib");
        let made = Command::new("python3")
            .args(["-c", "import pki, sys; pki.create(sys.argv[1])"])
            .arg(folder.path().join("pki"))
            .env("PYTHONPATH", library)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        Self { folder }
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("pki")
    }

    /// The path of a file, such as `server.pem` or `client.key`.
    pub fn path(&self, name: &str) -> String {
        self.folder().join(name).to_str().unwrap().to_owned()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// What a client has that trusts the first authority.
    pub fn client(&self) -> ClientTlsConfig {
        let authority = Certificate::from_pem(self.read("ca.pem"));
        ClientTlsConfig::new()
            .ca_certificate(authority)
            .domain_name("localhost")
    }

    pub fn identity(&self, certificate: &str, key: &str) -> Identity {
        Identity::from_pem(self.read(certificate), self.read(key))
    }
}

/// Replaces a link by one to another folder, as Kubernetes does.
pub fn link(link: &Path, folder: &Path) {
    let new = link.with_extension("new");
    std::os::unix::fs::symlink(folder, &new).unwrap();
    std::fs::rename(new, link).unwrap();
}
