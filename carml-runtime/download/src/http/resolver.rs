//! Name resolution that leaves out private addresses: what is connected to is what was checked.

use std::{error::Error as StdError, fmt, net::SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::policy::address::is_private;

/// Resolves as the system does, then refuses private addresses.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = lookup(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The public addresses of a name. One private address refuses the name: its owner could otherwise
/// choose by the order of the answers.
pub(super) async fn lookup(name: &str) -> Result<Vec<SocketAddr>, Box<dyn StdError + Send + Sync>> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host((name, 0)).await?.collect();
    if let Some(private) = found.iter().find(|address| is_private(address.ip())) {
        return Err(Box::new(PrivateAddress(format!(
            "{name} has the private address {}",
            private.ip()
        ))));
    }
    Ok(found)
}

/// A name has an address that may not be connected to.
#[derive(Debug)]
pub(super) struct PrivateAddress(pub(super) String);

impl fmt::Display for PrivateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for PrivateAddress {}

/// The refusal among the sources of an error.
pub(super) fn refusal(error: &reqwest::Error) -> Option<&PrivateAddress> {
    let mut source = StdError::source(error);
    while let Some(error) = source {
        if let Some(private) = error.downcast_ref() {
            return Some(private);
        }
        source = error.source();
    }
    None
}
