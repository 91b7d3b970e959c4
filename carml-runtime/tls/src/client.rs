//! Whom a client's certificate names.

use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer as _};

/// The certificate of a client, which an authority of `client_ca_file` has signed.
///
/// It is in the extensions of each request on a connection of such a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// The certificate itself, in DER.
    pub der: CertificateDer<'static>,
    /// Its subject, such as `CN=billing, O=Example`.
    pub subject: String,
    /// The URIs that it is valid for, such as SPIFFE ids.
    pub uris: Vec<String>,
    /// The DNS names that it is valid for.
    pub dns_names: Vec<String>,
}

impl ClientCertificate {
    /// Reads the first certificate of a chain, which is the client's own.
    pub fn of(chain: &[CertificateDer<'_>]) -> Option<Self> {
        let der = chain.first()?;
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let names = parsed.subject_alternative_name().ok().flatten();
        let names = names.map(|names| &*names.value.general_names);
        let (mut uris, mut dns_names) = (Vec::new(), Vec::new());
        for name in names.unwrap_or_default() {
            match name {
                GeneralName::URI(uri) => uris.push((*uri).to_owned()),
                GeneralName::DNSName(name) => dns_names.push((*name).to_owned()),
                _ => {}
            }
        }
        Some(Self {
            subject: parsed.subject().to_string(),
            der: der.clone().into_owned(),
            uris,
            dns_names,
        })
    }
}
