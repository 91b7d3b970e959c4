//! Until when clients hold locks.
//!
//! A client that cannot reach the server knows by its own clock when it has lost a lock: a hold ends
//! a TTL after its last renewal arrived, and the client counts from when it sent that renewal. The end of
//! a call does not end a hold that was renewed: a client that lost its connection may not know it yet.
//!
//! A server that starts does not know what an earlier one granted. If locks end with the process, it
//! therefore grants none before every earlier hold has ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use carml_runtime::kv::{
    BoxFuture, Error, ErrorKind, Guard, Kv, Leadership, ListOptions,
    capability::{Call, Provider, Scope, scope},
};
use futures_util::{Stream, stream};
use tokio::{
    sync::{OnceCell, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::api::LockHeld;

/// How long a lock is held after its last renewal.
const TTL: Duration = Duration::from_secs(10);

/// What is held: dropping it gives it up.
pub(crate) trait Holder: Send + Sync + 'static {
    /// The lock.
    fn guard(&self) -> &Guard;
}

impl Holder for Guard {
    fn guard(&self) -> &Guard {
        self
    }
}

impl Holder for Leadership {
    fn guard(&self) -> &Guard {
        Leadership::guard(self)
    }
}

/// What a client is told of a lock.
pub(crate) enum HoldState {
    Held(LockHeld),
    Lost,
}

/// The locks and leaderships that clients hold.
#[derive(Clone)]
pub(crate) struct Holds(Arc<Shared>);

struct Shared {
    held: Mutex<HashMap<u64, Renewal>>,
    started: Instant,
    /// When what an earlier server granted has ended; `None`: there was none, or the store knows.
    earlier: OnceCell<Option<Instant>>,
}

/// How a hold is renewed and released.
struct Renewal {
    holder: Arc<dyn Holder>,
    end: watch::Sender<End>,
    release: CancellationToken,
    released: CancellationToken,
}

/// When a hold ends, and whether its client has renewed it.
#[derive(Clone, Copy)]
struct End {
    at: Instant,
    is_renewed: bool,
}

impl std::fmt::Debug for Holds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holds").finish_non_exhaustive()
    }
}

impl Holds {
    /// Of the clients of a store.
    pub(crate) fn new(kv: &Kv) -> Holds {
        let holds = Holds(Arc::new(Shared {
            held: Mutex::default(),
            started: Instant::now(),
            earlier: OnceCell::new(),
        }));
        // Before the first call writes to a new store.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (holds, kv) = (holds.clone(), kv.clone());
            runtime.spawn(async move { holds.earlier(&kv).await });
        }
        holds
    }

    fn held(&self) -> MutexGuard<'_, HashMap<u64, Renewal>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When what an earlier server granted has ended.
    async fn earlier(&self, kv: &Kv) -> Option<Instant> {
        let find = || async {
            let provider = Provider::parse(kv.provider());
            let reach = provider.and_then(|provider| scope(provider, Call::Lock));
            if reach == Some(Scope::Cluster) {
                return None;
            }
            let options = ListOptions {
                limit: 1,
                ..ListOptions::default()
            };
            // Tokens of locks are revisions: at the first, nobody has held one.
            let page = kv.list(None, options).await;
            let is_new = page.is_ok_and(|page| page.revision.0 == 0);
            (!is_new).then(|| self.0.started + TTL)
        };
        *self.0.earlier.get_or_init(find).await
    }

    /// Waits for a lock and holds it until it is lost, released, or not renewed in time. Dropping the
    /// stream leaves the queue.
    pub(crate) fn states<T, F>(
        &self,
        kv: Kv,
        only_try: bool,
        waiting: F,
    ) -> impl Stream<Item = Result<HoldState, Status>> + Send + use<T, F>
    where
        T: Holder,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let holds = self.clone();
        let granted = async move {
            let holder = waiting.await?;
            if let Some(end) = holds.earlier(&kv).await
                && end > Instant::now()
            {
                if only_try {
                    let why = "a lock that was held before the restart of the server may still be \
                               held; try again in 10 s";
                    let busy = Error::new(ErrorKind::Busy, "lock", why);
                    return Err(busy.with_key(holder.guard().key().as_str()).into());
                }
                sleep_until(end).await;
            }
            Ok(holds.begin(holder))
        };
        stream::try_unfold(Step::Waiting(Box::pin(granted)), Step::next)
    }

    fn begin<T: Holder>(&self, holder: T) -> Hold {
        let holder: Arc<dyn Holder> = Arc::new(holder);
        let (release, released) = (CancellationToken::new(), CancellationToken::new());
        let (sender, end) = watch::channel(End {
            at: Instant::now() + TTL,
            is_renewed: false,
        });
        let id = rand::random();
        let renewal = Renewal {
            holder: holder.clone(),
            end: sender,
            release: release.clone(),
            released: released.clone(),
        };
        self.held().insert(id, renewal);
        Hold {
            holds: self.clone(),
            id,
            holder: Some(holder),
            end,
            release,
            released,
        }
    }

    /// Renews a hold: for how long from now nobody else gets it.
    pub(crate) fn renew(&self, id: u64) -> Result<Duration, Error> {
        let (held, now) = (self.held(), Instant::now());
        let renewal = held
            .get(&id)
            .filter(|renewal| renewal.end.borrow().at > now);
        let renewal = renewal.ok_or_else(lost)?;
        let left = match renewal.holder.guard().valid_until() {
            Some(until) => until.saturating_duration_since(now.into_std()).min(TTL),
            None => TTL,
        };
        if left.is_zero() || renewal.release.is_cancelled() {
            return Err(lost());
        }
        renewal.end.send_replace(End {
            at: now + TTL,
            is_renewed: true,
        });
        Ok(left)
    }

    /// Gives up a hold. It is free afterwards.
    pub(crate) async fn release(&self, id: u64) -> Result<(), Error> {
        let released = {
            let held = self.held();
            let renewal = held.get(&id).ok_or_else(lost)?;
            renewal.release.cancel();
            renewal.released.clone()
        };
        released.cancelled().await;
        Ok(())
    }
}

fn lost() -> Error {
    let why = "the lock is no longer held, or was not renewed in time";
    Error::new(ErrorKind::LockLost, "lock", why)
}

/// A lock that a client holds. Dropping it releases the lock.
struct Hold {
    holds: Holds,
    id: u64,
    holder: Option<Arc<dyn Holder>>,
    end: watch::Receiver<End>,
    release: CancellationToken,
    released: CancellationToken,
}

impl Hold {
    async fn over(&mut self) {
        let Some(holder) = self.holder.clone() else {
            return;
        };
        tokio::select! {
            () = holder.guard().lost() => {}
            () = self.release.cancelled() => {}
            () = expired(&mut self.end) => {}
        }
    }
}

async fn expired(end: &mut watch::Receiver<End>) {
    loop {
        let at = end.borrow_and_update().at;
        if at <= Instant::now() {
            return;
        }
        tokio::select! {
            () = sleep_until(at) => {}
            _ = end.changed() => {}
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let renewal = self.holds.held().remove(&self.id);
        // The last two: the lock is free once they are gone.
        drop(renewal);
        drop(self.holder.take());
        self.released.cancel();
    }
}

/// A hold whose call is open. When the call ends, it lasts until its client knows that it is over.
struct Called(Option<Hold>);

impl Called {
    async fn over(mut self) {
        if let Some(hold) = &mut self.0 {
            hold.over().await;
        }
        drop(self.0.take());
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        let hold = self.0.take().filter(|hold| hold.end.borrow().is_renewed);
        if let (Some(mut hold), Ok(runtime)) = (hold, tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { hold.over().await });
        }
    }
}

/// Of the stream of a call.
enum Step {
    Waiting(BoxFuture<'static, Result<Hold, Status>>),
    Holding(Called),
    Ended,
}

impl Step {
    async fn next(self) -> Result<Option<(HoldState, Step)>, Status> {
        match self {
            Step::Waiting(granted) => {
                let hold = granted.await?;
                let token = hold.holder.as_ref().map(|holder| holder.guard().token());
                let held = LockHeld {
                    fencing_token: token.unwrap_or_default(),
                    hold: hold.id,
                };
                let called = Called(Some(hold));
                Ok(Some((HoldState::Held(held), Step::Holding(called))))
            }
            Step::Holding(called) => {
                called.over().await;
                Ok(Some((HoldState::Lost, Step::Ended)))
            }
            Step::Ended => Ok(None),
        }
    }
}
