//! What may be downloaded from where, and with which credentials.

pub(crate) mod address;
pub(crate) mod credentials;
pub(crate) mod location;
pub(crate) mod prefix;

use url::Url;

use self::{
    address::{is_loopback, is_private, literal},
    credentials::Credentials,
    location::{Location, Scheme, shown},
    prefix::UrlPrefix,
};
use crate::{Checksum, ChecksumPolicy, Error, ErrorKind, Options, request::Trust};

/// The rules of the options.
pub(crate) struct Policy {
    allow: Vec<UrlPrefix>,
    mirrors: Vec<(UrlPrefix, Vec<Url>)>,
    pub(crate) credentials: Credentials,
    checksum: ChecksumPolicy,
    private_addresses: bool,
}

impl Policy {
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        let invalid = |key: &'static str| {
            move |why: String| {
                Error::new(ErrorKind::InvalidArgument, format!("`{key}`: {why}")).with_op("open")
            }
        };
        let parse = |text: &String| UrlPrefix::parse(text);
        let allow: Result<_, _> = options.allow.iter().map(parse).collect();
        let mirrors = options.mirrors.iter().map(|mirror| {
            let prefix = parse(&mirror.url)?;
            let to = mirror
                .to
                .iter()
                .map(|to| mirror_url(to))
                .collect::<Result<_, _>>()?;
            Ok((prefix, to))
        });
        Ok(Self {
            allow: allow.map_err(invalid("allow"))?,
            mirrors: mirrors
                .collect::<Result<_, _>>()
                .map_err(invalid("mirrors"))?,
            credentials: Credentials::new(&options.credentials).map_err(invalid("credentials"))?,
            checksum: options.checksum,
            private_addresses: options.private_addresses,
        })
    }

    /// Whether private addresses are refused for such a request.
    pub(crate) fn refuses_private(&self, trust: Trust) -> bool {
        trust == Trust::Remote || !self.private_addresses
    }

    /// Checks what can be checked before anything is sent.
    pub(crate) fn check_request(
        &self,
        location: &Location,
        trust: Trust,
        checksums: &[Checksum],
    ) -> Result<(), Error> {
        let refused = |why: &str| Err(Error::new(ErrorKind::Refused, why));
        match location.scheme {
            Scheme::File(_) if trust == Trust::Remote => {
                return refused("a remote caller may not name a file of this machine");
            }
            Scheme::Store if trust == Trust::Remote => {
                return refused("a remote caller may not name an object of the store");
            }
            Scheme::File(_) if trust == Trust::CommandLine => {}
            _ => self.check_allowed(&location.url)?,
        }
        // MD5 does not protect from a file that was made to have the same hash.
        let is_verified = checksums
            .iter()
            .any(|c| c.algorithm() != crate::Algorithm::Md5);
        let needs = match self.checksum {
            _ if trust == Trust::Remote => Some("the URL is from a remote caller"),
            ChecksumPolicy::Required => Some("`checksum` is `required`"),
            ChecksumPolicy::Http
                if location.scheme == Scheme::Http && !is_loopback(&location.url) =>
            {
                Some("plain HTTP can be changed on the way")
            }
            _ => None,
        };
        match needs {
            Some(reason) if !is_verified => Err(Error::new(
                ErrorKind::Refused,
                format!("a sha256 or sha512 checksum is needed: {reason}"),
            )),
            _ => self.check_address(location, trust),
        }
    }

    fn check_address(&self, location: &Location, trust: Trust) -> Result<(), Error> {
        match location.scheme {
            Scheme::Http | Scheme::Https => self.check_literal(&location.url, trust),
            Scheme::File(_) | Scheme::Store => Ok(()),
        }
    }

    /// Checks the URL of one hop: the first one, or one that a redirect names.
    pub(crate) fn check_hop(&self, url: &Url, trust: Trust) -> Result<(), Error> {
        self.check_allowed(url)?;
        self.check_literal(url, trust)
    }

    fn check_allowed(&self, url: &Url) -> Result<(), Error> {
        if self
            .allow
            .iter()
            .any(|prefix| prefix.matches(url).is_some())
        {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Refused,
            format!("`allow` has no prefix of {}", shown(url)),
        ))
    }

    fn check_literal(&self, url: &Url, trust: Trust) -> Result<(), Error> {
        match literal(url) {
            Some(address) if self.refuses_private(trust) && is_private(address) => Err(Error::new(
                ErrorKind::Refused,
                format!("{address} is a private address"),
            )),
            _ => Ok(()),
        }
    }

    /// Where to look for a file: mirrors first, in order, if a checksum decides what is right.
    pub(crate) fn candidates(&self, location: &Location, has_checksum: bool) -> Vec<Location> {
        let mirrored = self
            .mirrors
            .iter()
            .flat_map(|(prefix, to)| to.iter().filter_map(|to| prefix.replace(&location.url, to)));
        let mirrors = mirrored.filter(|_| has_checksum).filter_map(|url| {
            // Its own user information, if any, is in the URL of the option.
            Location::parse(url.as_str()).ok()
        });
        mirrors.chain([location.clone()]).collect()
    }
}

fn mirror_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "expected the URL of a mirror such as `https://mirror.example.org/`".into())
}
