//! TLS to any server of HTTP 1.1.

use rustls::ClientConfig;

use crate::client_config::system_authorities;

/// Trusts the authorities that the system trusts, and shows no certificate.
///
/// # Errors
///
/// The system has no authorities.
pub fn http() -> Result<ClientConfig, String> {
    let roots = system_authorities().map_err(|refusal| refusal.message)?;
    carml_tls_client::config(roots, None).map_err(|error| error.to_string())
}
