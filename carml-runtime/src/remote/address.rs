//! Where a config is.

use std::fmt;

use crate::kv::{Key, capability::Provider};

/// A key of a store that holds a config: `PROVIDER://[HOST[:PORT][,HOST…]]/KEY`.
///
/// Without hosts, the servers are those of the section `registry`. The embedded store has none:
/// `redb:///KEY`.
///
/// ```
/// use carml_runtime::remote::RemoteAddress;
///
/// let address = RemoteAddress::parse("etcd://10.0.0.1,10.0.0.2:2379/config/shop.yml");
/// assert!(address.is_some_and(|address| address.is_ok()));
/// assert!(RemoteAddress::parse("config/shop.yml").is_none(), "a path");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAddress {
    pub(super) provider: Provider,
    pub(super) servers: Vec<String>,
    pub(super) key: Key,
    text: String,
}

/// Why a text is not an address of a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidAddress {
    /// As far as it can be shown.
    pub(super) name: String,
    pub(super) reason: String,
}

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

impl std::error::Error for InvalidAddress {}

impl RemoteAddress {
    /// `None`: the text does not begin with the name of a provider and `://`, so it is a path.
    pub fn parse(text: &str) -> Option<Result<Self, InvalidAddress>> {
        let (scheme, rest) = text.split_once("://")?;
        let provider = Provider::parse(scheme)?;
        Some(Self::of(provider, rest, text))
    }

    fn of(provider: Provider, rest: &str, text: &str) -> Result<Self, InvalidAddress> {
        let scheme = provider.as_str();
        let (hosts, key) = rest.split_once('/').unwrap_or((rest, ""));
        // A password may have a slash, so that what is before the `@` may be anywhere.
        if rest.contains('@') {
            return Err(InvalidAddress {
                name: format!("{scheme}://…"),
                reason: "an address is shown in reports, so it must not hold a password; set \
                         `registry.username` and `registry.password` instead"
                    .to_owned(),
            });
        }
        let refuse = |reason: String| InvalidAddress {
            name: text.to_owned(),
            reason,
        };
        let servers = match hosts {
            "" => Vec::new(),
            _ if provider.default_port().is_none() => {
                let reason = format!("the provider has no servers: write {scheme}:///KEY");
                return Err(refuse(reason));
            }
            _ => hosts.split(',').map(str::to_owned).collect(),
        };
        if servers.iter().any(String::is_empty) {
            let reason = "a server has no name: write one comma between two servers";
            return Err(refuse(reason.to_owned()));
        }
        let key = Key::parse(key).map_err(|error| refuse(error.message))?;
        Ok(Self {
            provider,
            servers,
            key,
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RemoteAddress, String> {
        let parsed = RemoteAddress::parse(text).unwrap();
        parsed.map_err(|error| error.to_string())
    }

    #[test]
    fn an_address_names_servers_and_a_key() {
        let address = parse("etcd://10.0.0.1,[::1]:2379/config/shop.yml").unwrap();
        assert_eq!(address.servers, ["10.0.0.1", "[::1]:2379"]);
        assert_eq!(address.key.as_str(), "config/shop.yml");
        assert_eq!(parse("etcd://a//b").unwrap().key.as_str(), "b");
        assert!(parse("etcd:///a").unwrap().servers.is_empty());
        assert!(parse("redb:///a").unwrap().servers.is_empty());
    }

    #[test]
    fn what_is_wrong_is_an_error_and_what_is_no_address_a_path() {
        for wrong in [
            "etcd://a",
            "etcd://a/",
            "etcd://a/b//c",
            "redb://h/a",
            "etcd://a,/k",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for secret in ["etcd://me:hush@h/k", "etcd://me:hu/sh@h/k"] {
            let error = parse(secret).unwrap_err();
            assert!(error.starts_with("etcd://…: "), "{error}");
        }
        for path in ["carml.yml", "./etcd/a", "http://h/a", "C:\\a"] {
            assert!(RemoteAddress::parse(path).is_none(), "{path}");
        }
    }
}
