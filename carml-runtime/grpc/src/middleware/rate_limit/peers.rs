//! A bucket per client, in bounded memory.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use super::bucket::Bucket;

/// How many clients are known in each of two generations: 100,000 in all.
const MAX_CLIENTS: usize = 50_000;

/// The clients of late. Of those that are not seen while 50,000 others are, nothing is kept.
#[derive(Debug, Default)]
pub(super) struct Peers(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    new: HashMap<Option<IpAddr>, Arc<Bucket>>,
    old: HashMap<Option<IpAddr>, Arc<Bucket>>,
}

impl Peers {
    /// The bucket of a client. Those without an address, as on a socket in the file system, are
    /// one.
    pub(super) fn bucket(&self, address: Option<IpAddr>) -> Arc<Bucket> {
        let client = address.map(network);
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Generations { new, old } = &mut *generations;
        if let Some(bucket) = new.get(&client) {
            return Arc::clone(bucket);
        }
        if new.len() >= MAX_CLIENTS {
            *old = std::mem::take(new);
        }
        let bucket = old.remove(&client).unwrap_or_default();
        new.insert(client, Arc::clone(&bucket));
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

    fn is_same(peers: &Peers, one: &str, other: &str) -> bool {
        let bucket = |text: &str| peers.bucket(Some(text.parse().unwrap()));
        Arc::ptr_eq(&bucket(one), &bucket(other))
    }

    #[test]
    fn a_client_is_an_address_or_a_network_of_ipv6() {
        let peers = Peers::default();
        assert!(is_same(&peers, "10.0.0.1", "::ffff:10.0.0.1"));
        assert!(!is_same(&peers, "10.0.0.1", "10.0.0.2"));
        assert!(is_same(&peers, "2001:db8::1", "2001:db8::ffff:2"));
        assert!(!is_same(&peers, "2001:db8::1", "2001:db8:0:1::1"));
    }

    #[test]
    fn the_number_of_clients_is_bounded_and_those_in_use_stay() {
        let peers = Peers::default();
        let in_use = peers.bucket(None);
        for n in 0..500_000_u32 {
            peers.bucket(Some(IpAddr::from(n.to_be_bytes())));
            if n % 40_000 == 0 {
                assert!(Arc::ptr_eq(&in_use, &peers.bucket(None)));
            }
        }
        let generations = peers.0.lock().unwrap();
        assert!(generations.new.len() + generations.old.len() <= 2 * MAX_CLIENTS);
    }
}
