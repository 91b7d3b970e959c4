//! Which header goes with which URL.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use url::Url;

use super::prefix::UrlPrefix;
use crate::{Credential, CredentialSecret};

/// Credentials per prefix.
pub(crate) struct Credentials(Vec<(UrlPrefix, HeaderName, HeaderValue)>);

impl Credentials {
    pub(crate) fn new(credentials: &[Credential]) -> Result<Self, String> {
        let entries = credentials.iter().map(|credential| {
            let prefix = UrlPrefix::parse(&credential.url)?;
            let (name, value) = header_of(&credential.secret)?;
            Ok((prefix, name, value))
        });
        Ok(Self(entries.collect::<Result<_, String>>()?))
    }

    /// The header for a URL: that of the longest prefix.
    pub(crate) fn of(&self, url: &Url) -> Option<(HeaderName, HeaderValue)> {
        let matching = self
            .0
            .iter()
            .filter_map(|(prefix, name, value)| Some((prefix.matches(url)?, name, value)));
        let (_, name, value) = matching.max_by_key(|(length, ..)| *length)?;
        Some((name.clone(), value.clone()))
    }
}

/// The header, marked as sensitive.
pub(super) fn header_of(secret: &CredentialSecret) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = match secret {
        CredentialSecret::Token(token) => (AUTHORIZATION, format!("Bearer {token}")),
        CredentialSecret::Basic { username, password } => (
            AUTHORIZATION,
            format!(
                "Basic {}",
                STANDARD.encode(format!("{username}:{password}"))
            ),
        ),
        CredentialSecret::Header { name, value } => {
            let parsed = name
                .parse()
                .map_err(|_| format!("`{}` is not the name of a header", name.escape_debug()))?;
            (parsed, value.clone())
        }
    };
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| "a credential has a character that a header cannot have".to_owned())?;
    value.set_sensitive(true);
    Ok((name, value))
}
