//! Until when clients hold locks.
//!
//! A client that cannot reach the server knows by its own clock when it has lost a lock: a hold ends
//! a TTL after its last renewal arrived, and the client counts from when it sent that renewal. The end of
//! a call does not end a hold that was renewed: a client that lost its connection may not know it yet.
//!
//! A server that starts does not know what an earlier one granted. If locks end with the process, it
//! therefore grants none before every earlier hold has ended.

mod hold;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use carml_runtime::kv::{
    Error, ErrorKind, Guard, Key, Kv, Leadership, ListOptions,
    capability::{Call, Provider, Scope, scope},
};
use futures_util::{Stream, stream};
use tokio::{
    sync::{OnceCell, watch},
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tonic::Status;

pub(crate) use self::hold::HoldState;
use self::hold::{Hold, Step};
use crate::{api::HoldInfo, convert::millis, subject::Subject};

/// How long a lock is held after its last renewal.
const TTL: Duration = Duration::from_secs(10);

/// The longest name of a holder, in bytes.
const MAX_NAME: usize = 256;

/// What a client asks for.
pub(crate) struct Asked {
    at: Subject,
    holder: String,
    /// Until when it waits; `None`: without a limit.
    until: Option<Instant>,
    is_try: bool,
}

impl Asked {
    /// Refuses a name that is too long.
    pub(crate) fn new(
        at: Subject,
        holder: String,
        wait_millis: Option<u64>,
    ) -> Result<Asked, Status> {
        if holder.len() > MAX_NAME {
            let why = format!(
                "`holder` has {} bytes, the limit is {MAX_NAME}",
                holder.len()
            );
            return Err(at.refuse(ErrorKind::InvalidArgument, why));
        }
        let wait = wait_millis.map(Duration::from_millis);
        Ok(Asked {
            until: wait.and_then(|wait| Instant::now().checked_add(wait)),
            is_try: wait_millis == Some(0),
            at,
            holder,
        })
    }

    /// Whether the lock is only to be had at once.
    pub(crate) fn is_try(&self) -> bool {
        self.is_try
    }

    async fn wait<T>(&self, waiting: impl Future<Output = Result<T, Error>>) -> Result<T, Status> {
        let Some(until) = self.until.filter(|_| !self.is_try) else {
            return self.at.of(waiting.await);
        };
        match timeout_at(until, waiting).await {
            Ok(taken) => self.at.of(taken),
            Err(_) => Err(self.busy("another holder did not give it up within `wait_millis`")),
        }
    }

    fn busy(&self, why: &str) -> Status {
        self.at.refuse(ErrorKind::Busy, why)
    }
}

/// What is held: dropping it gives it up.
pub(crate) trait Holder: Send + Sync + 'static {
    /// The lock.
    fn guard(&self) -> &Guard;

    /// Whether it leads an election.
    fn leads(&self) -> bool;
}

impl Holder for Guard {
    fn guard(&self) -> &Guard {
        self
    }

    fn leads(&self) -> bool {
        false
    }
}

impl Holder for Leadership {
    fn guard(&self) -> &Guard {
        Leadership::guard(self)
    }

    fn leads(&self) -> bool {
        true
    }
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
    name: String,
    since: Instant,
    end: watch::Sender<End>,
    signals: Signals,
}

/// What happens to a hold.
#[derive(Clone, Default)]
struct Signals {
    /// Its client gives it up.
    release: CancellationToken,
    /// It is taken from its client, which may renew it no more.
    broken: CancellationToken,
    /// It is free.
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

    /// Waits for a lock and holds it until it is lost, released, broken, or not renewed in time.
    /// Dropping the stream leaves the queue.
    pub(crate) fn states<T, F>(
        &self,
        kv: Kv,
        asked: Asked,
        waiting: F,
    ) -> impl Stream<Item = Result<HoldState, Status>> + Send + use<T, F>
    where
        T: Holder,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let holds = self.clone();
        let granted = async move {
            let holder = asked.wait(waiting).await?;
            if let Some(end) = holds.earlier(&kv).await
                && end > Instant::now()
            {
                if asked.until.is_some_and(|until| until < end) {
                    let why = "a lock that was held before the restart of the server may still be \
                               held; try again in 10 s";
                    return Err(asked.busy(why));
                }
                sleep_until(end).await;
            }
            Ok(holds.begin(holder, asked.holder))
        };
        stream::try_unfold(Step::Waiting(Box::pin(granted)), Step::next)
    }

    fn begin<T: Holder>(&self, holder: T, name: String) -> Hold {
        let holder: Arc<dyn Holder> = Arc::new(holder);
        let (now, signals) = (Instant::now(), Signals::default());
        let (sender, end) = watch::channel(End {
            at: now + TTL,
            is_renewed: false,
        });
        let id = rand::random();
        let renewal = Renewal {
            holder: holder.clone(),
            name,
            since: now,
            end: sender,
            signals: signals.clone(),
        };
        self.held().insert(id, renewal);
        Hold::new(self.clone(), id, holder, end, signals)
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
        let signals = &renewal.signals;
        if left.is_zero() || signals.release.is_cancelled() || signals.broken.is_cancelled() {
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
            renewal.signals.release.cancel();
            renewal.signals.released.clone()
        };
        released.cancelled().await;
        Ok(())
    }

    /// Takes a hold from its client, which hears of it at once. It is free afterwards: not before the
    /// time of its last renewal is over.
    pub(crate) async fn take_away(&self, key: &Key, token: u64) -> Result<(), Error> {
        let released = {
            let held = self.held();
            let is_meant = |renewal: &&Renewal| {
                let guard = renewal.holder.guard();
                guard.key() == key && guard.token() == token
            };
            let renewal = held.values().find(is_meant).ok_or_else(|| {
                let why = format!("no client of this server holds it with the token {token}");
                Error::new(ErrorKind::LockLost, "lock", why)
            })?;
            renewal.signals.broken.cancel();
            renewal.signals.released.clone()
        };
        released.cancelled().await;
        Ok(())
    }

    /// What is held, on one key or on all, in their order.
    pub(crate) fn list(&self, key: Option<&Key>) -> Vec<HoldInfo> {
        let now = Instant::now();
        let held = self.held();
        let wanted = held.values().filter(|renewal| {
            let held = renewal.holder.guard().key();
            key.is_none_or(|key| key == held)
        });
        let mut holds: Vec<HoldInfo> = wanted.map(|renewal| renewal.info(now)).collect();
        holds.sort_by(|a, b| (&a.key, a.fencing_token).cmp(&(&b.key, b.fencing_token)));
        holds
    }
}

impl Renewal {
    fn info(&self, now: Instant) -> HoldInfo {
        let guard = self.holder.guard();
        HoldInfo {
            key: guard.key().to_string(),
            holder: self.name.clone(),
            fencing_token: guard.token(),
            held_millis: millis(now.saturating_duration_since(self.since)),
            ttl_millis: millis(self.end.borrow().at.saturating_duration_since(now)),
            leads: self.holder.leads(),
        }
    }
}

fn lost() -> Error {
    let why = "the lock is no longer held, or was not renewed in time";
    Error::new(ErrorKind::LockLost, "lock", why)
}
