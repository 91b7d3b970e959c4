//! One agent of the cluster.

use carml_kv::{
    Error, ErrorKind,
    capability::Provider,
    client::{Server, address},
};
use http::uri::{Authority, Scheme, Uri};

use crate::{PROVIDER, options::Options};

pub(crate) struct Endpoint {
    /// `host:port`, for messages.
    name: String,
    /// `http` or `https`.
    scheme: Scheme,
    authority: Authority,
}

impl Endpoint {
    pub(super) fn new(endpoint: &str, options: &Options) -> Result<Endpoint, Error> {
        let port = Provider::Consul.default_port();
        let uri = address(endpoint, options.tls.is_some(), port).map_err(|why| {
            Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER)
        })?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            let why = format!("the endpoint `{endpoint}` names no host");
            return Err(Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER));
        };
        Ok(Endpoint {
            name: authority.to_string(),
            scheme,
            authority,
        })
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    pub(super) fn uri(&self, path: &str) -> Result<Uri, http::Error> {
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
    }
}

impl Server for Endpoint {
    fn name(&self) -> &str {
        &self.name
    }
}
