//! Bytes in base64, and PEM documents.

use base64::{DecodeError, Engine as _};

const BEGIN: &str = "-----BEGIN ";

/// The bytes of standard base64; line breaks are skipped.
///
/// # Errors
///
/// The string is not base64.
pub fn base64(text: &str) -> Result<Vec<u8>, DecodeError> {
    let text: String = text.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text)
}

/// A PEM document, decoded from base64 if it is given like that.
///
/// # Errors
///
/// What the string is not.
pub fn pem(text: &str) -> Result<String, String> {
    if text.contains(BEGIN) {
        return Ok(text.to_owned());
    }
    let bytes = base64(text).map_err(|error| format!("neither PEM nor base64: {error}"))?;
    String::from_utf8(bytes)
        .ok()
        .filter(|text| text.contains(BEGIN))
        .ok_or_else(|| "base64 of something that is not PEM".to_owned())
}
