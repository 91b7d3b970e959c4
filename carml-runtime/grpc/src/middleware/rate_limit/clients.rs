//! A bucket per client, in bounded memory.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use http::Extensions;

#[cfg(feature = "auth")]
use super::super::{Credential, Identity};
use super::{super::Call, bucket::Bucket};

/// How many clients are known in each of two generations: 100,000 in all.
const MAX_CLIENTS: usize = 50_000;

/// Whose calls count together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Client {
    /// An address or a network. Clients without one, as on a socket in the file system, are one.
    Peer(Option<IpAddr>),
    /// Who `auth` found.
    #[cfg(feature = "auth")]
    Identity(Credential, Arc<str>),
}

impl Client {
    pub(super) fn of_peer(call: &Call) -> Self {
        Self::Peer(call.peer.map(|peer| network(peer.ip())))
    }

    /// A call that needs no credentials is one of its peer.
    #[cfg_attr(not(feature = "auth"), expect(unused_variables))]
    pub(super) fn of_identity(call: &Call, extensions: &Extensions) -> Self {
        #[cfg(feature = "auth")]
        if let Some(identity) = extensions.get::<Identity>() {
            return Self::Identity(identity.credential(), identity.shared_name());
        }
        Self::of_peer(call)
    }
}

/// The clients of late. Of those that are not seen while 50,000 others are, nothing is kept.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<Generations>);

/// By the number of the limit, too.
type Buckets = HashMap<(usize, Client), Arc<Bucket>>;

#[derive(Debug, Default)]
struct Generations {
    new: Buckets,
    old: Buckets,
}

impl Clients {
    /// The bucket of a client at one of the limits.
    pub(super) fn bucket(&self, limit: usize, client: Client) -> Arc<Bucket> {
        let key = (limit, client);
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Generations { new, old } = &mut *generations;
        if let Some(bucket) = new.get(&key) {
            return Arc::clone(bucket);
        }
        if new.len() >= MAX_CLIENTS {
            *old = std::mem::take(new);
        }
        let bucket = old.remove(&key).unwrap_or_default();
        new.insert(key, Arc::clone(&bucket));
        bucket
    }
}

/// What belongs to one client: an address of IPv4, and a network of IPv6, in which a client chooses
/// its addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn is_same(one: &str, other: &str) -> bool {
        let network = |text: &str| network(text.parse().unwrap());
        network(one) == network(other)
    }

    #[test]
    fn a_client_is_an_address_or_a_network_of_ipv6() {
        assert!(is_same("10.0.0.1", "::ffff:10.0.0.1"));
        assert!(!is_same("10.0.0.1", "10.0.0.2"));
        assert!(is_same("2001:db8::1", "2001:db8::ffff:2"));
        assert!(!is_same("2001:db8::1", "2001:db8:0:1::1"));
    }

    #[test]
    fn a_client_has_a_bucket_at_each_limit() {
        let clients = Clients::default();
        let bucket = |limit| clients.bucket(limit, Client::Peer(None));
        assert!(Arc::ptr_eq(&bucket(0), &bucket(0)));
        assert!(!Arc::ptr_eq(&bucket(0), &bucket(1)));
    }

    #[test]
    fn the_number_of_clients_is_bounded_and_those_in_use_stay() {
        let clients = Clients::default();
        let in_use = clients.bucket(0, Client::Peer(None));
        for n in 0..500_000_u32 {
            clients.bucket(0, Client::Peer(Some(IpAddr::from(n.to_be_bytes()))));
            if n % 40_000 == 0 {
                let again = clients.bucket(0, Client::Peer(None));
                assert!(Arc::ptr_eq(&in_use, &again));
            }
        }
        let generations = clients.0.lock().unwrap();
        assert!(generations.new.len() + generations.old.len() <= 2 * MAX_CLIENTS);
    }
}
