//! Certificates.

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

/// Certificates, as PEM.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Tls {
    /// The authorities that sign the servers' certificates; `None`: those of the system.
    pub authority: Option<Vec<u8>>,
    /// The client's certificate and its key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Tls {
    /// TLS with the system's authorities and without a client certificate.
    pub fn new() -> Tls {
        Tls::default()
    }

    /// Checks that each part is what it should be: libraries take a text without a certificate for
    /// an empty list of them.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let certificates = |pem: &[u8], what: &str| {
            let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
            match all {
                Ok(all) if !all.is_empty() => Ok(()),
                Ok(_) => Err(format!("{what} has no certificate: expected PEM")),
                Err(e) => Err(format!("{what} cannot be read: {e}")),
            }
        };
        if let Some(authority) = &self.authority {
            certificates(authority, "the certificate of the authority")?;
        }
        if let Some((certificate, key)) = &self.identity {
            certificates(certificate, "the client's certificate")?;
            PrivateKeyDer::from_pem_slice(key)
                .map_err(|e| format!("the client's key cannot be read: {e}"))?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("authority", &self.authority.is_some())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}
