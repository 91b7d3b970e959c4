//! Strings with a meaning.

use std::{convert::Infallible, fmt, str::FromStr};

use carml_diagnostic::without_credentials;
use carml_schema::scalar::encoded;
use serde::{Deserialize, Serialize};

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl FromStr for $name {
            type Err = Infallible;
            fn from_str(text: &str) -> Result<Self, Infallible> {
                Ok($name(text.to_owned()))
            }
        }
    };
}

text_type! {
    /// A server's address: `host`, `host:port` or `scheme://host:port`. `Debug` does not show
    /// credentials in it.
    #[derive(Hash)]
    Endpoint
}
text_type! {
    /// Bytes in standard base64.
    #[derive(Debug)]
    Base64
}
text_type! {
    /// A certificate or key: PEM text, or the same in base64. `Debug` does not show it.
    Pem
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = without_credentials(&self.0);
        f.debug_tuple("Endpoint").field(&shown).finish()
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pem(******)")
    }
}

impl Endpoint {
    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before `://`.
    pub fn scheme(&self) -> Option<&str> {
        self.0.split_once("://").map(|s| s.0)
    }

    fn after_scheme(&self) -> &str {
        self.0.split_once("://").map_or(self.0.as_str(), |s| s.1)
    }

    /// The host and the port as they are given.
    pub(super) fn authority(&self) -> &str {
        let rest = self.after_scheme();
        rest.split('/').next().unwrap_or(rest)
    }

    /// What is after the authority: empty, or from its `/` on.
    pub(super) fn path(&self) -> &str {
        &self.after_scheme()[self.authority().len()..]
    }

    /// The host, without brackets.
    pub fn host(&self) -> &str {
        let all = self.authority();
        match all.strip_prefix('[').and_then(|a| a.split_once(']')) {
            Some((host, _)) => host,
            None => all.rsplit_once(':').map_or(all, |s| s.0),
        }
    }

    /// The port, if one is given.
    pub fn port(&self) -> Option<u16> {
        let all = self.authority();
        let after = all.rsplit_once(']').map_or(all, |s| s.1);
        after.rsplit_once(':').and_then(|s| s.1.parse().ok())
    }

    /// `host:port`, with `default` where no port is given; an IPv6 host is in brackets.
    pub fn with_port(&self, default: u16) -> String {
        let (host, port) = (self.host(), self.port().unwrap_or(default));
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Base64 {
    /// The bytes.
    ///
    /// # Errors
    /// If the text is not base64; line breaks are skipped.
    pub fn decode(&self) -> Result<Vec<u8>, base64::DecodeError> {
        encoded::base64(&self.0)
    }
}

impl Pem {
    /// The PEM text, decoded from base64 if it was given so.
    ///
    /// # Errors
    /// The text is neither PEM nor PEM in base64.
    pub fn decode(&self) -> Result<String, String> {
        encoded::pem(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_endpoint_has_the_default_port_and_hides_credentials() {
        for (text, whole) in [
            ("127.0.0.1", "127.0.0.1:2379"),
            ("db:1", "db:1"),
            ("[::1]", "[::1]:2379"),
            ("http://h:9/x", "h:9"),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.with_port(2379), whole);
        }
        let endpoint: Endpoint = "etcd://app:hunter2@h:9".parse().unwrap();
        assert_eq!(format!("{endpoint:?}"), "Endpoint(\"etcd://******@h:9\")");
    }
}
