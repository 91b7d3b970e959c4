//! How an endpoint of `health.endpoints` is probed.

use std::fmt;

use carml_diagnostic::{Address, Input};

use super::Endpoint;

/// What is tried to find out whether an endpoint of `health.endpoints` is up.
///
/// ```
/// use carml_config::{Endpoint, Probe, ProbeKind};
///
/// let endpoint: Endpoint = "http://example.org/healthz".parse()?;
/// let probe = Probe::parse(&endpoint).expect("it can be probed");
/// assert_eq!((probe.kind, &*probe.address), (ProbeKind::Http, "example.org:80"));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// What is sent.
    pub kind: ProbeKind,
    /// `host:port` to connect to.
    pub address: String,
    /// The host, without brackets.
    pub host: String,
    /// The host and the port as they are given, for the header of that name.
    pub authority: String,
    /// The path with its query, for HTTP.
    pub path: String,
}

/// What is sent to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the protocols")]
pub enum ProbeKind {
    /// Nothing: a connection is enough.
    Tcp,
    Http,
    Https,
    /// `grpc.health.v1.Health/Check` of the whole server.
    Grpc,
}

impl Probe {
    /// How this endpoint is probed.
    ///
    /// # Errors
    ///
    /// Why it cannot be.
    pub fn parse(endpoint: &Endpoint) -> Result<Self, Address> {
        let (kind, port) = match endpoint.scheme() {
            None => (ProbeKind::Tcp, Some(80)),
            Some("tcp") => (ProbeKind::Tcp, None),
            Some("http") => (ProbeKind::Http, Some(80)),
            Some("https") => (ProbeKind::Https, Some(443)),
            Some("grpc") => (ProbeKind::Grpc, None),
            Some(scheme) => {
                return Err(Address::NotAScheme {
                    scheme: Input::new(scheme),
                    expected: "`tcp://`, `http://`, `https://` or `grpc://`".to_owned(),
                });
            }
        };
        let port = endpoint.port().or(port).ok_or(Address::NoPort)?;
        let path = endpoint.path();
        match kind {
            ProbeKind::Tcp | ProbeKind::Grpc if !matches!(path, "" | "/") => {
                return Err(Address::NotOfHttp);
            }
            _ => {}
        }
        Ok(Self {
            kind,
            address: endpoint.with_port(port),
            host: endpoint.host().to_owned(),
            authority: endpoint.authority().to_owned(),
            path: match path {
                "" => "/".to_owned(),
                path => path.to_owned(),
            },
        })
    }
}

/// For people: without a query, which may have a key of an API.
impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            ProbeKind::Tcp => return f.write_str(&self.address),
            ProbeKind::Http => "http",
            ProbeKind::Https => "https",
            ProbeKind::Grpc => return write!(f, "grpc://{}", self.address),
        };
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        write!(f, "{scheme}://{}{path}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Probe, Address> {
        let Ok(endpoint) = text.parse();
        Probe::parse(&endpoint)
    }

    #[test]
    fn every_scheme_has_its_probe() {
        for (text, kind, address, shown) in [
            (
                "example.org",
                ProbeKind::Tcp,
                "example.org:80",
                "example.org:80",
            ),
            ("db:5432", ProbeKind::Tcp, "db:5432", "db:5432"),
            ("tcp://[::1]:1", ProbeKind::Tcp, "[::1]:1", "[::1]:1"),
            ("http://a", ProbeKind::Http, "a:80", "http://a/"),
            (
                "https://a/b?key=c",
                ProbeKind::Https,
                "a:443",
                "https://a/b",
            ),
            ("https://a:1/b", ProbeKind::Https, "a:1", "https://a:1/b"),
            ("grpc://a:1", ProbeKind::Grpc, "a:1", "grpc://a:1"),
        ] {
            let probe = parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            let found = (probe.kind, &*probe.address, probe.to_string());
            assert_eq!(found, (kind, address, shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_probed_is_refused() {
        assert!(matches!(
            parse("ftp://a:1"),
            Err(Address::NotAScheme { .. })
        ));
        for text in ["tcp://a", "grpc://a"] {
            assert_eq!(parse(text), Err(Address::NoPort), "{text}");
        }
        for text in ["a:1/b", "tcp://a:1/b", "grpc://a:1/b"] {
            assert_eq!(parse(text), Err(Address::NotOfHttp), "{text}");
        }
    }
}
