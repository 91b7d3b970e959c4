//! A directory in this process, for tests.

use std::{collections::HashMap, sync::Arc, time::Duration};

use carml_kv::{BoxFuture, Error, contract::Answer};
use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::{Directory, Instance, RegisteredInstance, Registration, Update};

type Services = HashMap<String, Vec<Arc<Instance>>>;

/// A directory for tests, which has the instances that a test sets. Clones share their content.
///
/// ```
/// use std::sync::Arc;
///
/// use carml_discovery::{MemoryDirectory, Resolver};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let directory = MemoryDirectory::default();
/// directory.set("shop.v1.Orders", &["10.0.0.5:50051"]);
/// let mut orders = Resolver::new(Arc::new(directory)).watch("shop.v1.Orders");
/// let found = orders.changed().await.expect("it is not closed");
/// assert_eq!(found.instances[0].address, "10.0.0.5:50051");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MemoryDirectory {
    state: watch::Sender<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    services: Services,
    is_away: bool,
}

impl Default for MemoryDirectory {
    fn default() -> Self {
        Self {
            state: watch::Sender::new(State::default()),
        }
    }
}

impl MemoryDirectory {
    /// Sets the instances of a service, and replaces the previous ones.
    pub fn set(&self, service: &str, addresses: &[&str]) {
        let instances = addresses.iter().map(|address| Instance::new(*address));
        let instances = instances.map(Arc::new).collect();
        self.change(|services| {
            services.insert(service.to_owned(), instances);
        });
    }

    /// Sets whether it can be reached. Changes in the meantime are reported when it can be reached
    /// again.
    pub fn set_away(&self, is_away: bool) {
        self.state.send_modify(|state| state.is_away = is_away);
    }

    fn change(&self, change: impl FnOnce(&mut Services)) {
        self.state.send_modify(|state| change(&mut state.services));
    }
}

impl Directory for MemoryDirectory {
    fn provider(&self) -> &'static str {
        "memory"
    }

    fn register<'a>(
        &'a self,
        services: &'a [String],
        instance: &'a Instance,
        _ttl: Duration,
    ) -> Answer<'a, Box<dyn Registration>> {
        let instance = Arc::new(instance.clone());
        self.change(|known| {
            for service in services {
                let known = known.entry(service.clone()).or_default();
                known.retain(|known| known.address != instance.address);
                known.push(Arc::clone(&instance));
            }
        });
        let registered = Registered {
            directory: self.clone(),
            services: services.to_vec(),
            address: instance.address.clone(),
        };
        Box::pin(async move { Ok(Box::new(registered) as Box<dyn Registration>) })
    }

    fn list(&self) -> Answer<'_, Vec<RegisteredInstance>> {
        let state = self.state.borrow();
        let all = state.services.iter().flat_map(|(service, instances)| {
            instances.iter().map(|instance| RegisteredInstance {
                service: service.clone(),
                instance: Arc::clone(instance),
            })
        });
        let all = all.collect();
        Box::pin(async move { Ok(all) })
    }

    fn watch<'a>(
        &'a self,
        service: &'a str,
    ) -> Answer<'a, BoxStream<'static, Result<Update, Error>>> {
        let service = service.to_owned();
        let updates = WatchStream::new(self.state.subscribe()).map(move |state| {
            Ok(match state.is_away {
                true => Update::Unreachable,
                false => Update::Instances {
                    instances: state.services.get(&service).cloned().unwrap_or_default(),
                    is_resync: false,
                },
            })
        });
        Box::pin(async move { Ok(updates.boxed()) })
    }
}

struct Registered {
    directory: MemoryDirectory,
    services: Vec<String>,
    address: String,
}

impl Registration for Registered {
    fn lost(&mut self) -> BoxFuture<'_, String> {
        Box::pin(std::future::pending())
    }

    fn remove(self: Box<Self>) -> Answer<'static, ()> {
        self.directory.change(|known| {
            for service in &self.services {
                if let Some(known) = known.get_mut(service) {
                    known.retain(|known| known.address != self.address);
                }
            }
        });
        Box::pin(async { Ok(()) })
    }

    fn replaced(self: Box<Self>) {}
}
