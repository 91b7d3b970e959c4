//! The HTTP clients: TLS by rustls with ring, proxies, addresses.

use carml_tls_client::{Roots, rustls::ClientConfig};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, redirect};
use url::Url;

use super::resolver::{PrivateAddress, PublicOnly, lookup};
use crate::{Error, ErrorKind, Options, Proxy};

/// Two clients: one for any address, one that connects to public addresses alone.
pub(super) struct Clients {
    any: Client,
    public: Client,
    /// What the first client does about proxies.
    proxies: Option<Matcher>,
}

impl Clients {
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let tls = tls(options.certificate.as_deref()).map_err(invalid)?;
        let builder = || {
            Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(redirect::Policy::none())
                .referer(false)
                .http1_only()
                .connect_timeout(options.connect_timeout)
                .user_agent(concat!("carml-download/", env!("CARGO_PKG_VERSION")))
        };
        let (any, proxies) = match &options.proxy {
            Proxy::Off => (builder().no_proxy(), None),
            Proxy::Environment => (builder(), Some(Matcher::from_env())),
            Proxy::Url(url) => {
                let matcher = Matcher::builder().all(url.clone()).build();
                (builder().proxy(proxy(url)?), Some(matcher))
            }
        };
        let public = builder().no_proxy().dns_resolver(PublicOnly);
        let failed = |error: reqwest::Error| invalid(format!("no HTTP client: {error}"));
        Ok(Self {
            any: any.build().map_err(failed)?,
            public: public.build().map_err(failed)?,
            proxies,
        })
    }

    /// The client for a URL. If private addresses are refused and a proxy will resolve the name,
    /// the name is resolved here as well.
    pub(super) async fn client(&self, url: &Url, refuses_private: bool) -> Result<&Client, Error> {
        if !refuses_private {
            return Ok(&self.any);
        }
        if !self.is_proxied(url) {
            return Ok(&self.public);
        }
        if let Some(name) = url.domain() {
            lookup(name).await.map_err(|error| {
                let kind = if error.is::<PrivateAddress>() {
                    ErrorKind::Refused
                } else {
                    ErrorKind::Unavailable
                };
                Error::new(kind, error.to_string())
            })?;
        }
        Ok(&self.any)
    }

    fn is_proxied(&self, url: &Url) -> bool {
        let uri = url.as_str().parse::<http::Uri>().ok();
        let proxies = self.proxies.as_ref();
        proxies.is_some_and(|proxies| uri.is_some_and(|uri| proxies.intercept(&uri).is_some()))
    }
}

fn proxy(url: &str) -> Result<reqwest::Proxy, Error> {
    let is_http = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let proxy = reqwest::Proxy::all(url).ok().filter(|_| is_http);
    proxy.ok_or_else(|| {
        invalid("`proxy`: expected `environment`, `off` or a URL such as `http://proxy:3128`")
    })
}

/// Trusts the authorities of the system, and those of the config.
fn tls(certificate: Option<&[u8]>) -> Result<ClientConfig, String> {
    let system = Roots::system();
    let roots = match certificate {
        Some(pem) => system.and_pem(pem),
        None => Ok(system),
    };
    let config = roots.and_then(|roots| carml_tls_client::config(roots, None));
    config.map_err(|error| format!("`certificate` cannot be used: {error}"))
}

fn invalid(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, why).with_op("open")
}
