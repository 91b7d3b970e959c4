//! Follows the instances of a service.

use std::{
    collections::HashSet,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use carml_kv::{ErrorKind, client::Backoff};
use futures_core::Stream;
use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_stream::wrappers::WatchStream;
use tokio_util::task::AbortOnDropHandle;

use crate::{Directory, Instance, Update};

/// A connection that is back within this time is not an outage.
const SHORT_BREAK: Duration = Duration::from_secs(1);

/// How long after an outage the instances from before it are kept: a directory that lost its state,
/// or finds it again step by step, gives services time to register again.
const HOLD: Duration = Duration::from_secs(10);

/// How current a resolution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// The directory has not answered yet.
    Pending,
    /// Changes are seen as they happen.
    Current,
    /// The directory cannot be reached: these are the last known instances.
    Stale,
}

/// The instances of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolution {
    /// Each address once, in the order of the directory.
    pub instances: Arc<[Arc<Instance>]>,
    /// How current they are.
    pub freshness: Freshness,
}

/// Finds the instances of services in a directory. Cheap to clone.
///
/// ```
/// use carml_discovery::{Freshness, Resolver};
///
/// /// The addresses of a service, once the directory has answered.
/// async fn addresses(resolver: &Resolver) -> Vec<String> {
///     let mut orders = resolver.watch("shop.v1.Orders");
///     let Some(found) = orders.changed().await else {
///         return Vec::new();
///     };
///     if found.freshness == Freshness::Stale {
///         eprintln!("the directory cannot be reached: these are the last known instances");
///     }
///     let instances = found.instances.iter();
///     instances.map(|instance| instance.address.clone()).collect()
/// }
/// ```
#[derive(Clone)]
pub struct Resolver {
    directory: Arc<dyn Directory>,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("provider", &self.directory.provider())
            .finish_non_exhaustive()
    }
}

impl Resolver {
    /// Finds instances in this directory.
    pub fn new(directory: Arc<dyn Directory>) -> Self {
        Self { directory }
    }

    /// Follows a service until the result is dropped; call it inside a tokio runtime. It neither
    /// fails nor ends: while the directory cannot be reached, the last known instances stay.
    pub fn watch(&self, service: &str) -> InstanceWatch {
        let (sender, receiver) = watch::channel(Resolution {
            instances: Arc::new([]),
            freshness: Freshness::Pending,
        });
        let follower = Follower {
            directory: Arc::clone(&self.directory),
            service: service.to_owned(),
            resolution: sender,
            backoff: Backoff::new(1),
            has_failed: false,
            held: None,
        };
        InstanceWatch {
            current: receiver.clone(),
            changes: WatchStream::from_changes(receiver),
            _task: AbortOnDropHandle::new(tokio::spawn(follower.run())),
        }
    }
}

/// The instances of one service, kept up to date. As a stream it yields each change; of changes in
/// quick succession, the last. It ends only if the directory was closed.
pub struct InstanceWatch {
    current: watch::Receiver<Resolution>,
    changes: WatchStream<Resolution>,
    _task: AbortOnDropHandle<()>,
}

impl fmt::Debug for InstanceWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InstanceWatch")
            .field(&*self.current.borrow())
            .finish()
    }
}

impl InstanceWatch {
    /// What is known now.
    pub fn current(&self) -> Resolution {
        self.current.borrow().clone()
    }

    /// Waits for the next change; the first one is the first answer of the directory. `None`: the
    /// directory was closed.
    pub async fn changed(&mut self) -> Option<Resolution> {
        self.changes.next().await
    }
}

impl Stream for InstanceWatch {
    type Item = Resolution;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Resolution>> {
        self.changes.poll_next_unpin(cx)
    }
}

struct Follower {
    directory: Arc<dyn Directory>,
    service: String,
    resolution: watch::Sender<Resolution>,
    backoff: Backoff,
    /// Whether there was a failure before the first answer.
    has_failed: bool,
    held: Option<Held>,
}

/// Instances from before an outage.
struct Held {
    instances: Arc<[Arc<Instance>]>,
    until: Instant,
    /// What the directory reports.
    reported: Vec<Arc<Instance>>,
}

impl Follower {
    async fn run(mut self) {
        loop {
            let watch = self.directory.watch(&self.service).await;
            let error = match watch {
                Ok(updates) => self.follow(updates).await,
                Err(error) => Some(error),
            };
            if error
                .as_ref()
                .is_some_and(|error| error.kind == ErrorKind::Closed)
            {
                return;
            }
            let reason = error.map_or_else(|| "the watch has ended".to_owned(), |e| e.to_string());
            self.set_stale(&reason);
            self.has_failed = true;
            tokio::time::sleep(self.backoff.pause()).await;
        }
    }

    /// Follows one stream to its end; the error that ended it.
    async fn follow(
        &mut self,
        mut updates: BoxStream<'static, Result<Update, carml_kv::Error>>,
    ) -> Option<carml_kv::Error> {
        let mut outage: Option<Instant> = None;
        loop {
            let release = self.held.as_ref().map(|held| held.until);
            tokio::select! {
                update = updates.next() => match update? {
                    Ok(Update::Instances { instances, is_resync }) => {
                        outage = None;
                        self.backoff.reset();
                        self.report(instances, is_resync);
                    }
                    Ok(Update::Unreachable) => {
                        outage.get_or_insert_with(|| Instant::now() + SHORT_BREAK);
                    }
                    Err(error) => return Some(error),
                },
                () = at(outage) => {
                    outage = None;
                    self.set_stale("the directory cannot be reached");
                }
                () = at(release) => {
                    if let Some(held) = self.held.take() {
                        self.publish(held.reported.into());
                    }
                }
            }
        }
    }

    fn report(&mut self, instances: Vec<Arc<Instance>>, is_resync: bool) {
        let known = self.resolution.borrow().clone();
        let is_after_outage = is_resync || known.freshness == Freshness::Stale;
        if is_after_outage {
            self.held = Some(Held {
                instances: known.instances,
                until: Instant::now() + HOLD,
                reported: Vec::new(),
            });
        }
        let current = match &mut self.held {
            Some(held) => {
                held.reported = instances;
                held.union()
            }
            None => instances.into(),
        };
        self.publish(current);
    }

    fn publish(&self, instances: Arc<[Arc<Instance>]>) {
        let new = Resolution {
            instances,
            freshness: Freshness::Current,
        };
        let service = &*self.service;
        self.resolution.send_if_modified(|known| {
            let is_back = known.freshness == Freshness::Stale;
            let is_change = *known != new;
            if is_back {
                tracing::info!(
                    service,
                    instances = new.instances.len(),
                    "instances are current again"
                );
            }
            *known = new;
            is_change
        });
    }

    fn set_stale(&self, reason: &str) {
        let (service, provider) = (&*self.service, self.directory.provider());
        self.resolution.send_if_modified(|known| {
            let instances = known.instances.len();
            match known.freshness {
                Freshness::Current => {
                    tracing::warn!(
                        service,
                        provider,
                        instances,
                        reason,
                        "the last known instances are used"
                    );
                    known.freshness = Freshness::Stale;
                    true
                }
                // Only the first failure is a change.
                Freshness::Pending if !self.has_failed => {
                    tracing::warn!(service, provider, reason, "no instances are known yet");
                    false
                }
                _ => {
                    tracing::debug!(service, provider, reason, "the directory is still away");
                    false
                }
            }
        });
    }
}

impl Held {
    /// What is reported, and what is missing in it.
    fn union(&self) -> Arc<[Arc<Instance>]> {
        let known: HashSet<&str> = addresses(&self.reported).collect();
        let missing = self.instances.iter();
        let missing = missing.filter(|instance| !known.contains(instance.address.as_str()));
        self.reported.iter().chain(missing).cloned().collect()
    }
}

fn addresses(instances: &[Arc<Instance>]) -> impl Iterator<Item = &str> {
    instances.iter().map(|instance| instance.address.as_str())
}

/// Never, without a time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
