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

use super::pick::Picker;
use crate::{
    address::Address,
    connection::{Lease, Link, Waiters},
    settings::Policy,
    status,
};

/// Calls that wait for a connection at the same time; others fail.
const MAX_WAITING: usize = 10_000;

/// An attempt to connect that begins with a call ends first, and says why.
const GRACE: Duration = Duration::from_millis(100);

/// One instance.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Calls wait for it.
    Connecting,
    Ready(Arc<Link>),
    /// With the last error. It stays so until it is ready.
    Failed(Arc<str>),
}

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
    states: Mutex<States>,
    view: RwLock<Arc<View>>,
    picker: Picker,
    waiters: Arc<Waiters>,
    /// A connection was lost.
    lost: Notify,
}

#[derive(Debug, Default)]
struct States {
    by_id: BTreeMap<u64, State>,
    /// Why no instance is known; none while nobody has said so.
    none: Option<Arc<str>>,
}

impl Instances {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            states: Mutex::default(),
            view: RwLock::default(),
            picker: Picker::new(policy),
            waiters: Arc::default(),
            lost: Notify::new(),
        }
    }

    pub(crate) fn waiters(&self) -> &Arc<Waiters> {
        &self.waiters
    }

    /// The state of an instance changed, unless it was removed.
    pub(crate) fn set(&self, id: u64, state: State) {
        self.change(|states| {
            if let Some(known) = states.by_id.get_mut(&id) {
                *known = state;
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

    pub(super) fn add(&self, id: u64) {
        self.change(|states| {
            states.by_id.insert(id, State::Connecting);
        });
    }

    pub(super) fn remove(&self, id: u64) {
        self.change(|states| {
            states.by_id.remove(&id);
        });
    }

    /// Why no instance is known.
    pub(super) fn set_none(&self, why: &str) {
        self.change(|states| states.none = Some(why.into()));
    }

    /// Whether an instance takes calls.
    pub(super) fn any_ready(&self) -> bool {
        !self.view().ready.is_empty()
    }

    fn change(&self, change: impl FnOnce(&mut States)) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut states);
        let mut view = View::default();
        for state in states.by_id.values() {
            match state {
                State::Connecting => view.is_connecting = true,
                State::Ready(link) => view.ready.push(Arc::clone(link)),
                State::Failed(error) => view.error = Some(Arc::clone(error)),
            }
        }
        if states.by_id.is_empty() {
            view.error = states.none.clone();
        }
        // Before the next change is made.
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        drop(states);
        self.waiters.changed.notify_waiters();
    }

    fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A stream for a call, of another instance than `avoid` if there is one. Without
    /// `wait_for_ready` it waits while an instance is being connected to, and no longer than `limit`.
    pub(crate) async fn pick(
        &self,
        target: &str,
        wait_for_ready: bool,
        limit: Duration,
        avoid: Option<&Address>,
    ) -> Result<Lease, Status> {
        let view = self.view();
        if let Some(lease) = self.picker.pick(&view.ready, avoid) {
            return Ok(lease);
        }
        let _waiting = Waiting::begin(&self.waiters)
            .ok_or_else(|| status::unavailable(target, "10000 calls wait for a connection"))?;
        let until = (!wait_for_ready).then(|| Instant::now() + limit + GRACE);
        loop {
            let mut changed = std::pin::pin!(self.waiters.changed.notified());
            changed.as_mut().enable();
            let view = self.view();
            if let Some(lease) = self.picker.pick(&view.ready, avoid) {
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
