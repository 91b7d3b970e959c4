//! TLS to any server of HTTP 1.1.

use std::sync::Arc;

use rustls::{ClientConfig, crypto::ring};

use crate::client_config::system_authorities;

/// Trusts the authorities that the system trusts, and shows no certificate.
///
/// # Errors
///
/// The system has no authorities.
pub fn http() -> Result<ClientConfig, String> {
    let roots = system_authorities().map_err(|refusal| refusal.message)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
