//! TLS of clients: whom they trust, and the certificate that they show.
//!
//! Everything in CarML that connects to a server makes its TLS here, so that all of it trusts the
//! same authorities and speaks the same versions.
//!
//! ```
//! use carml_tls_client::{Roots, config};
//!
//! let client = config(Roots::system(), None)?;
//! assert!(client.alpn_protocols.is_empty());
//! # Ok::<(), carml_tls_client::Error>(())
//! ```

use std::{fmt, sync::Arc};

/// The library that speaks TLS.
pub use rustls;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
};

/// Why a client cannot speak TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text has no certificate.
    #[error("there is no certificate: expected PEM, `-----BEGIN CERTIFICATE-----`")]
    NoCertificate,
    /// A text is not PEM.
    #[error("it is not PEM: {0}")]
    Pem(Malformed),
    /// An authority is not one.
    #[error("the certificate of the authority cannot be used: {0}")]
    Authority(rustls::Error),
    /// The client's certificate and its key do not fit each other, or are of no use.
    #[error("the certificate and the key of the client cannot be used: {0}")]
    Identity(rustls::Error),
    /// The library cannot do what every client needs.
    #[error("{0}")]
    Build(rustls::Error),
}

/// What is wrong with a PEM text, without a line of it: that may be one of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl From<pem::Error> for Error {
    fn from(error: pem::Error) -> Self {
        Self::Pem(Malformed(match error {
            pem::Error::MissingSectionEnd { .. } => "a section has no `-----END …-----`",
            pem::Error::IllegalSectionStart { .. } => "a line with `-----BEGIN` is malformed",
            pem::Error::Base64Decode(_) => "a section is not base64",
            pem::Error::SectionTooLarge => "a section is too large",
            pem::Error::NoItemsFound => "there is no private key",
            _ => "it is malformed",
        }))
    }
}

/// Whom a client trusts.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Roots {
    /// Nobody, until an authority is added.
    pub fn none() -> Self {
        Self(RootCertStore::empty())
    }

    /// The authorities of the system. Without any, each handshake fails and says so.
    pub fn system() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self(roots)
    }

    /// The authorities of a PEM text alone.
    ///
    /// # Errors
    ///
    /// The text is not PEM, or has no certificate or a wrong one.
    pub fn of_pem(text: &[u8]) -> Result<Self, Error> {
        Self::none().and_pem(text)
    }

    /// These, and the authorities of a PEM text.
    ///
    /// # Errors
    ///
    /// As [`of_pem`](Self::of_pem).
    pub fn and_pem(mut self, text: &[u8]) -> Result<Self, Error> {
        let before = self.0.len();
        for certificate in CertificateDer::pem_slice_iter(text) {
            self.add(certificate?)?;
        }
        match self.0.len() > before {
            true => Ok(self),
            false => Err(Error::NoCertificate),
        }
    }

    /// Adds an authority.
    ///
    /// # Errors
    ///
    /// The certificate is not one of an authority.
    pub fn add(&mut self, authority: CertificateDer<'_>) -> Result<(), Error> {
        self.0.add(authority).map_err(Error::Authority)
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a client shows.
#[derive(Debug)]
pub struct Identity {
    /// Its certificate, then those that lead to its authority.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the first.
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// That of two PEM texts.
    ///
    /// # Errors
    ///
    /// One of them is not PEM, or has not what it should have.
    pub fn of_pem(certificate: &[u8], key: &[u8]) -> Result<Self, Error> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain?;
        if chain.is_empty() {
            return Err(Error::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key)?;
        Ok(Self { chain, key })
    }
}

/// TLS 1.2 and 1.3 with ring.
///
/// # Errors
///
/// The identity cannot be used.
pub fn config(roots: Roots, identity: Option<Identity>) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::Build)?
        .with_root_certificates(roots.0);
    match identity {
        None => Ok(config.with_no_client_auth()),
        Some(Identity { chain, key }) => config
            .with_client_auth_cert(chain, key)
            .map_err(Error::Identity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_an_authority_is_refused() {
        for text in [
            "",
            "not PEM",
            "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n",
        ] {
            let refused = Roots::of_pem(text.as_bytes());
            assert!(matches!(refused, Err(Error::NoCertificate)), "{text:?}");
        }
        let wrong = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        let refused = Roots::of_pem(wrong.as_bytes());
        assert!(matches!(refused, Err(Error::Authority(_))), "{refused:?}");
    }

    #[test]
    fn a_message_has_nothing_of_a_key() {
        let key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0!\n-----END PRIVATE KEY-----\n";
        let certificate = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        let refused = Identity::of_pem(certificate.as_bytes(), key.as_bytes());
        let message = refused.map(drop).map_err(|error| error.to_string());
        assert_eq!(
            message,
            Err("it is not PEM: a section is not base64".to_owned())
        );
    }
}
