//! The instances of a target, as calls see them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::Ordering::{AcqRel, Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};
use tonic::Status;

use super::{counts::Counts, pick::Picker};
use crate::{
    address::Address,
    connection::{Endpoint, Lease, Link, Stats, Waiters},
    report::EndpointReport,
    settings::Policy,
    status,
};

/// Calls that wait for a connection at the same time; others fail.
const MAX_WAITING: usize = 10_000;

/// Why an instance that is ready gets no calls.
const EJECTED: &str = "all instances are ejected, because too many of their calls failed";

/// An attempt to connect that begins with a call ends first, and says why.
const GRACE: Duration = Duration::from_millis(100);

/// What calls know of an instance.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Calls wait for it.
    Connecting,
    Ready(Arc<Link>),
    /// With the last error. It stays so until it is ready.
    Failed(Arc<str>),
}

/// The instances that had an attempt of a call.
pub(crate) type Tried = Mutex<Vec<Address>>;

/// What calls see at one time.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) ready: Vec<Arc<Link>>,
    is_connecting: bool,
    /// Why there is no instance, or none that can be connected to.
    error: Option<Arc<str>>,
}

/// The instances of a target.
#[derive(Debug)]
pub(crate) struct Instances {
    known: Mutex<Known>,
    view: RwLock<Arc<View>>,
    picker: Picker,
    waiters: Arc<Waiters>,
    counts: Counts,
    /// A connection was lost.
    lost: Notify,
}

#[derive(Debug, Default)]
struct Known {
    by_id: BTreeMap<u64, Instance>,
    /// Why no instance is known; none while nobody has said so.
    none: Option<Arc<str>>,
}

#[derive(Debug)]
struct Instance {
    addresses: Vec<Address>,
    state: State,
    stats: Arc<Stats>,
    last_error: Option<Arc<str>>,
    /// More of its calls failed than of others: it gets none for some time.
    is_ejected: bool,
}

impl Instances {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            known: Mutex::default(),
            view: RwLock::default(),
            picker: Picker::new(policy),
            waiters: Arc::default(),
            counts: Counts::default(),
            lost: Notify::new(),
        }
    }

    pub(crate) fn waiters(&self) -> &Arc<Waiters> {
        &self.waiters
    }

    /// How many calls wait for a connection.
    pub(crate) fn waiting(&self) -> usize {
        self.waiters.count.load(Relaxed)
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The state of an instance changed, unless it was removed.
    pub(crate) fn set(&self, id: u64, state: State, error: Option<&str>) {
        self.change(|known| {
            if let Some(instance) = known.by_id.get_mut(&id) {
                instance.state = state;
                if let Some(error) = error {
                    instance.last_error = Some(error.into());
                }
            }
        });
    }

    /// A connection was lost: its address may have changed.
    pub(crate) fn lost(&self) {
        self.lost.notify_one();
    }

    /// Waits for [`lost`](Self::lost).
    pub(super) async fn any_lost(&self) {
        self.lost.notified().await;
    }

    pub(super) fn add(&self, endpoint: &Endpoint) {
        self.change(|known| {
            let instance = Instance {
                addresses: endpoint.addresses.clone(),
                state: State::Connecting,
                stats: Arc::clone(&endpoint.stats),
                last_error: None,
                is_ejected: false,
            };
            known.by_id.insert(endpoint.id, instance);
        });
    }

    pub(super) fn remove(&self, id: u64) {
        self.change(|known| {
            known.by_id.remove(&id);
        });
    }

    /// An instance gets no calls, or gets calls again.
    pub(super) fn set_ejected(&self, id: u64, is_ejected: bool) {
        if is_ejected {
            self.counts.ejected();
        }
        self.change(|known| {
            if let Some(instance) = known.by_id.get_mut(&id) {
                instance.is_ejected = is_ejected;
            }
        });
    }

    /// How the calls to each instance ended since this was last asked: successes and failures.
    pub(super) fn take_stats(&self) -> Vec<(u64, (u64, u64))> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let each = known.by_id.iter();
        each.map(|(id, instance)| (*id, instance.stats.take()))
            .collect()
    }

    /// What an operator sees of them.
    pub(crate) fn report(&self) -> Vec<EndpointReport> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let each = known.by_id.values().map(Instance::report);
        each.collect()
    }

    /// Why no instance is known.
    pub(super) fn set_none(&self, why: &str) {
        self.change(|known| known.none = Some(why.into()));
    }

    /// Whether an instance takes calls.
    pub(super) fn any_ready(&self) -> bool {
        !self.view().ready.is_empty()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        let mut view = View::default();
        for instance in known.by_id.values() {
            match &instance.state {
                State::Connecting => view.is_connecting = true,
                State::Ready(_) if instance.is_ejected => view.error = Some(EJECTED.into()),
                State::Ready(link) => view.ready.push(Arc::clone(link)),
                State::Failed(error) => view.error = Some(Arc::clone(error)),
            }
        }
        if known.by_id.is_empty() {
            view.error = known.none.clone();
        }
        // Before the next change is made.
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        drop(known);
        self.waiters.changed.notify_waiters();
    }

    fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A stream for a call, of another instance than those that it has tried if there is one. Without
    /// `wait_for_ready` it waits while an instance is being connected to, and no longer than `limit`.
    pub(crate) async fn pick(
        &self,
        target: &str,
        wait_for_ready: bool,
        limit: Duration,
        tried: &Tried,
    ) -> Result<Lease, Status> {
        let pick = |view: &View| {
            let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
            let lease = self.picker.pick(&view.ready, &tried)?;
            tried.push(lease.link().address.clone());
            Some(lease)
        };
        if let Some(lease) = pick(&self.view()) {
            return Ok(lease);
        }
        let _waiting = Waiting::begin(&self.waiters)
            .ok_or_else(|| status::unavailable(target, "10000 calls wait for a connection"))?;
        let until = (!wait_for_ready).then(|| Instant::now() + limit + GRACE);
        loop {
            let mut changed = std::pin::pin!(self.waiters.changed.notified());
            changed.as_mut().enable();
            let view = self.view();
            if let Some(lease) = pick(&view) {
                return Ok(lease);
            }
            let is_hopeless = view.ready.is_empty() && !view.is_connecting;
            if let (true, false, Some(error)) = (is_hopeless, wait_for_ready, &view.error) {
                return Err(status::unavailable(target, error));
            }
            match until {
                None => changed.await,
                Some(until) => {
                    if timeout_at(until, changed).await.is_err() {
                        let why = match view.ready.is_empty() {
                            true => view.error.as_deref().unwrap_or("no instance is ready"),
                            false => "all streams of all connections are in use",
                        };
                        return Err(status::unavailable(target, why));
                    }
                }
            }
        }
    }
}

impl Instance {
    fn report(&self) -> EndpointReport {
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        EndpointReport {
            address: addresses.join(", "),
            state: match &self.state {
                State::Ready(_) if self.is_ejected => "EJECTED",
                State::Ready(_) => "READY",
                State::Connecting => "CONNECTING",
                State::Failed(_) => "TRANSIENT_FAILURE",
            },
            in_flight: match &self.state {
                State::Ready(link) => link.in_flight(),
                _ => 0,
            },
            calls: self.stats.all(),
            last_error: self.last_error.as_deref().map(str::to_owned),
        }
    }
}

/// A call that waits.
struct Waiting<'a>(&'a Waiters);

impl<'a> Waiting<'a> {
    fn begin(waiters: &'a Waiters) -> Option<Self> {
        let count = |now: usize| (now < MAX_WAITING).then_some(now + 1);
        let begun = waiters.count.fetch_update(AcqRel, Relaxed, count);
        begun.ok().map(|_| Self(waiters))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, AcqRel);
    }
}
