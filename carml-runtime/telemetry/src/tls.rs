//! TLS to destinations.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use carml_config::Base64;

use crate::Error;

/// Trusts this authority alone, or those of the system.
pub(crate) fn client(what: &'static str, ca_cert: Option<&Base64>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    match ca_cert {
        Some(ca_cert) => {
            let bytes = ca_cert.decode().map_err(|error| Error::new(what, error))?;
            for certificate in certificates(&bytes) {
                roots
                    .add(certificate)
                    .map_err(|error| Error::new(what, error))?;
            }
        }
        // Without any, each connection fails and says so.
        None => {
            let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(what, error))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// PEM or DER: the config was refused before if it is neither.
fn certificates(bytes: &[u8]) -> Vec<CertificateDer<'static>> {
    let pem: Vec<_> = CertificateDer::pem_slice_iter(bytes)
        .filter_map(Result::ok)
        .collect();
    if pem.is_empty() {
        vec![CertificateDer::from(bytes.to_vec())]
    } else {
        pem
    }
}
