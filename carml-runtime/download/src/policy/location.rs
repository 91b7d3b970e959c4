//! The URL of a request, taken apart.

use std::path::PathBuf;

use http::HeaderValue;
use url::Url;

use crate::{
    Checksum, CredentialSecret, Error, ErrorKind, checksum::sha256_hex,
    policy::credentials::header_of,
};

/// Where a file is.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// Without user information and fragment.
    pub(crate) url: Url,
    pub(crate) scheme: Scheme,
    /// `Authorization`, from the user information.
    pub(crate) authorization: Option<HeaderValue>,
    /// From the fragment.
    pub(crate) checksum: Option<Checksum>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
    File(PathBuf),
    Store,
}

impl Location {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |message: String| {
            Err(Error::new(ErrorKind::InvalidArgument, message).with_what(shown_text(text)))
        };
        let mut url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => {
                return invalid(format!(
                    "not a URL ({error}): write it with its scheme, such as `https://…`"
                ));
            }
        };
        let checksum = match url.fragment() {
            Some(fragment) if fragment.contains('=') => Some(
                fragment
                    .parse::<Checksum>()
                    .map_err(|error| error.with_what(shown(&url)))?,
            ),
            _ => None,
        };
        url.set_fragment(None);
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "store" => Scheme::Store,
            "file" => match url.to_file_path() {
                Ok(path) => Scheme::File(path),
                Err(()) => {
                    return invalid("expected a path of this machine: `file:///PATH`".into());
                }
            },
            other => {
                return invalid(format!(
                    "the scheme `{other}` is not supported: use https, http, file or store"
                ));
            }
        };
        let authorization = take_user_info(&mut url)?;
        Ok(Self {
            url,
            scheme,
            authorization,
            checksum,
        })
    }

    /// The URL that names the file in the cache: without parameters of a signature, which differ
    /// from request to request.
    pub(crate) fn identity(&self) -> String {
        let mut url = self.url.clone();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let has = |name: &str| pairs.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        let is_signed = has("signature") || has("sig") || has("x-amz-signature");
        let kept: Vec<_> = pairs
            .iter()
            .filter(|(key, _)| !is_signature(key, is_signed))
            .collect();
        if kept.len() == pairs.len() {
            return url.into();
        }
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
        url.into()
    }

    /// The key of the URL's record and of its lock.
    pub(crate) fn key(&self) -> String {
        sha256_hex(&self.identity())
    }

    pub(crate) fn shown(&self) -> String {
        shown(&self.url)
    }
}

/// A URL for messages and logs: without user information, query and fragment.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // These fail for URLs that cannot have such parts.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// The same for a text that is not a URL: what may be a secret is left out.
fn shown_text(text: &str) -> String {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let text = &text[..end];
    match text.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.find("://").map_or("", |at| &before[..at + 3]);
            format!("{scheme}{after}")
        }
        None => text.to_owned(),
    }
}

fn is_signature(key: &str, is_signed: bool) -> bool {
    /// What goes with a signature of Azure, CloudFront or the first version of S3's.
    const PARTS: [&str; 17] = [
        "signature",
        "sig",
        "expires",
        "policy",
        "key-pair-id",
        "awsaccesskeyid",
        "googleaccessid",
        "se",
        "st",
        "sp",
        "sv",
        "sr",
        "skoid",
        "sktid",
        "skt",
        "ske",
        "sks",
    ];
    let key = key.to_ascii_lowercase();
    key.starts_with("x-amz-")
        || key.starts_with("x-goog-")
        || (is_signed && PARTS.contains(&key.as_str()))
}

fn take_user_info(url: &mut Url) -> Result<Option<HeaderValue>, Error> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let secret = CredentialSecret::Basic {
        username: decoded(url.username()),
        password: decoded(url.password().unwrap_or_default()),
    };
    let (_, value) = header_of(&secret)
        .map_err(|why| Error::new(ErrorKind::InvalidArgument, why).with_what(shown(url)))?;
    // A URL that has them can be without.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_neither_in_the_identity_nor_in_what_is_shown() {
        let text = "https://user:secret1@a.org/m.bin?X-Amz-Signature=secret2&X-Amz-Date=1&v=2";
        let location = Location::parse(text).expect("a URL");
        assert_eq!(location.identity(), "https://a.org/m.bin?v=2");
        assert_eq!(location.shown(), "https://a.org/m.bin");
        assert!(location.authorization.is_some());
        assert!(!format!("{location:?}").contains("secret1"));
        for text in [
            "nonsense",
            "//user:secret@host/x",
            "http://user:secret@[/x?token=secret",
        ] {
            let error = Location::parse(text).expect_err(text);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_fragment_may_be_a_checksum() {
        let hex = "0".repeat(64);
        let location = Location::parse(&format!("https://a.org/x#sha256={hex}")).expect("a URL");
        assert_eq!(location.checksum.expect("a checksum").hex(), hex);
        assert!(Location::parse("https://a.org/x#sha256=12").is_err());
        assert!(
            Location::parse("https://a.org/x#part")
                .expect("a URL")
                .checksum
                .is_none()
        );
    }
}
