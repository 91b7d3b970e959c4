//! Follows where the instances of a target are.

use std::{sync::Arc, time::Duration};

use carml_discovery::{Freshness, Resolver};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::Instances;
use crate::{
    address::Address,
    connection::{self, Connector, Endpoint},
    settings::{Policy, Settings, Source},
};

/// How often a name is asked for again, and how often at most.
const REFRESH: Duration = Duration::from_secs(30);

/// The pause after a name could not be asked for, while no address is known.
const RETRY: Duration = Duration::from_secs(1);

/// Keeps connections to the instances, until this is dropped.
pub(super) async fn run(
    settings: Arc<Settings>,
    connector: Arc<Connector>,
    instances: Arc<Instances>,
    resolver: Option<Resolver>,
) {
    let mut members = Members {
        settings: Arc::clone(&settings),
        connector,
        instances: Arc::clone(&instances),
        members: Vec::new(),
        next: 0,
    };
    match (&settings.source, resolver) {
        (Source::Fixed(addresses), _) => members.set(addresses.clone()),
        (Source::Dns(name), _) => dns(name, &instances, &mut members).await,
        (Source::Discovery(service), Some(resolver)) => {
            discovery(service, &resolver, &instances, &mut members).await;
        }
        (Source::Discovery(_), None) => instances.set_none("the service has no registry"),
    }
    // The members live as long as the target.
    std::future::pending::<()>().await;
}

async fn dns(name: &str, instances: &Instances, members: &mut Members) {
    loop {
        let asked = Instant::now();
        match tokio::net::lookup_host(name).await {
            Ok(found) => {
                let mut found: Vec<_> = found.map(|at| at.to_string()).collect();
                found.sort_unstable();
                found.dedup();
                members.set(found.iter().map(|at| Address::network(at)).collect());
                if found.is_empty() {
                    instances.set_none("the name has no address");
                }
            }
            Err(error) => {
                tracing::debug!(name, %error, "the name is not resolved");
                instances.set_none(&format!("the name is not resolved: {error}"));
            }
        }
        if members.members.is_empty() {
            sleep(RETRY).await;
            continue;
        }
        // Asked for again at once if a connection is lost, but no more often than this.
        let again = asked + REFRESH;
        tokio::select! {
            () = sleep_until(again) => {}
            () = instances.any_lost() => sleep_until(again).await,
        }
    }
}

async fn discovery(
    service: &str,
    resolver: &Resolver,
    instances: &Instances,
    members: &mut Members,
) {
    let mut watch = resolver.watch(service);
    while let Some(resolution) = watch.changed().await {
        if resolution.freshness == Freshness::Pending {
            continue;
        }
        let found = resolution.instances.iter();
        let found: Vec<_> = found
            .map(|instance| Address::network(&instance.address))
            .collect();
        if found.is_empty() && instances.any_ready() {
            // All leases end together when a registry fails.
            tracing::warn!(
                service,
                "the registry has no instance: the known ones are used"
            );
            continue;
        }
        if found.is_empty() {
            instances.set_none("no instance is registered");
        }
        members.set(found);
    }
}

/// The instances that connections are kept to.
struct Members {
    settings: Arc<Settings>,
    connector: Arc<Connector>,
    instances: Arc<Instances>,
    members: Vec<Member>,
    next: u64,
}

struct Member {
    id: u64,
    addresses: Vec<Address>,
    _task: AbortOnDropHandle<()>,
}

impl Members {
    /// Connects to what is new, and lets go of what is gone: calls on it run to their end.
    fn set(&mut self, addresses: Vec<Address>) {
        // With `pick_first`, all of them are one: the first that accepts is connected to.
        let wanted: Vec<Vec<Address>> = match self.settings.policy {
            Policy::PickFirst if addresses.is_empty() => Vec::new(),
            Policy::PickFirst => vec![addresses],
            _ => addresses.into_iter().map(|address| vec![address]).collect(),
        };
        // What is new comes first: there is no time without any.
        for addresses in &wanted {
            let is_known = |member: &Member| member.addresses == *addresses;
            if !self.members.iter().any(is_known) {
                self.add(addresses.clone());
            }
        }
        let instances = &self.instances;
        self.members.retain(|member| {
            let is_wanted = wanted.contains(&member.addresses);
            if !is_wanted {
                instances.remove(member.id);
            }
            is_wanted
        });
    }

    fn add(&mut self, addresses: Vec<Address>) {
        let id = self.next;
        self.next += 1;
        let endpoint = Endpoint {
            id,
            addresses: addresses.clone(),
            stats: Arc::default(),
        };
        self.instances.add(&endpoint);
        let task = connection::run(
            endpoint,
            Arc::clone(&self.settings),
            Arc::clone(&self.connector),
            Arc::clone(&self.instances),
        );
        self.members.push(Member {
            id,
            addresses,
            _task: AbortOnDropHandle::new(tokio::spawn(task)),
        });
    }
}
