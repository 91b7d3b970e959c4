//! TLS to destinations.

use carml_config::Base64;
use carml_tls_client::{
    Roots, config,
    rustls::{ClientConfig, pki_types::CertificateDer},
};

use crate::Error;

/// Trusts this authority alone, in PEM or DER, or those of the system.
pub(crate) fn client(what: &'static str, ca_cert: Option<&Base64>) -> Result<ClientConfig, Error> {
    let failed = |error: carml_tls_client::Error| Error::new(what, error);
    let roots = match ca_cert {
        Some(ca_cert) => {
            let bytes = ca_cert.decode().map_err(|error| Error::new(what, error))?;
            match Roots::of_pem(&bytes) {
                Err(carml_tls_client::Error::NoCertificate) => {
                    let mut roots = Roots::none();
                    let der = CertificateDer::from(bytes);
                    roots.add(der).map(|()| roots).map_err(failed)?
                }
                roots => roots.map_err(failed)?,
            }
        }
        None => Roots::system(),
    };
    config(roots, None).map_err(failed)
}
