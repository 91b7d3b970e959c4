//! The download manager.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::Semaphore;

use crate::{
    Cached, Error, ErrorKind, Event, Observer, Options, Request, UnpackLimits,
    cache::{Cache, CacheEntry, Pruned, Verified},
    event::Broadcast,
    flight::Flight,
    http::Http,
    job::{Job, JobKey},
    limiter::Limiter,
    placing,
    policy::Policy,
    transfer::Transport,
};

/// Downloads files once, checks them, and keeps them in a cache. Cheap to clone.
#[derive(Clone)]
pub struct Downloads {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) cache: Cache,
    pub(crate) policy: Arc<Policy>,
    pub(crate) transport: Arc<Transport>,
    /// Transfers that may run at once.
    pub(crate) slots: Semaphore,
    pub(crate) revalidate: Duration,
    pub(crate) offline: bool,
    pub(crate) stale_if_error: bool,
    pub(crate) unpack: UnpackLimits,
    deadline: Option<Duration>,
    flights: Mutex<HashMap<JobKey, Weak<Flight>>>,
}

impl fmt::Debug for Downloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downloads")
            .field("directory", &self.shared.cache.root())
            .finish_non_exhaustive()
    }
}

impl Downloads {
    /// Opens the cache, or creates it. Blocks for a moment.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for an option that is invalid, `Refused` for a cache of another version or
    /// one that others may write in, `Io` if it cannot be created.
    pub fn open(options: &Options) -> Result<Self, Error> {
        Self::create(
            options,
            #[cfg(feature = "store")]
            None,
        )
    }

    /// As [`open`](Self::open), with the object store for `store:` URLs.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    #[cfg(feature = "store")]
    pub fn with_store(options: &Options, store: carml_store::Store) -> Result<Self, Error> {
        Self::create(options, Some(store))
    }

    fn create(
        options: &Options,
        #[cfg(feature = "store")] store: Option<carml_store::Store>,
    ) -> Result<Self, Error> {
        let policy = Arc::new(Policy::new(options)?);
        let http = Http::new(options, Arc::clone(&policy))?;
        let shared = Shared {
            cache: Cache::open(options)?,
            policy,
            transport: Arc::new(Transport {
                http,
                limiter: Limiter::new(options.rate_limit),
                attempts: options.attempts.max(1),
                max_wait: options.max_wait,
                max_size: options.max_size,
                connections: options.connections.max(1),
                #[cfg(feature = "store")]
                store,
                observer: OnceLock::new(),
            }),
            unpack: options.unpack,
            slots: Semaphore::new(options.parallel.max(1)),
            revalidate: options.revalidate,
            offline: options.offline,
            stale_if_error: options.stale_if_error,
            deadline: options.deadline,
            flights: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Lets somebody measure the downloads of this handle and its clones. Only the first one does.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        let _ = self.shared.transport.observer.set(observer);
    }

    /// Returns a file, from the cache if it is there, otherwise from the network. Even if several
    /// tasks and processes request it at once, it is transferred once.
    ///
    /// Dropping the future cancels the transfer if no other task or process waits for it. The
    /// received bytes are kept, and the next call resumes there.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`]. After an error, no wrong or incomplete file is at the path of the file.
    pub async fn fetch(&self, request: Request) -> Result<Cached, Error> {
        let events = request.events.clone();
        let fetched = self.fetch_reported(request).await;
        if let (Some(events), Err(error)) = (events, &fetched) {
            events.send(Event::Failed {
                why: error.to_string(),
            });
        }
        fetched
    }

    async fn fetch_reported(&self, request: Request) -> Result<Cached, Error> {
        let deadline = request.deadline.or(self.shared.deadline);
        let to = request.to.clone();
        let events = request.events.clone();
        let job = Job::new(&self.shared, request)?;
        let url = job.shown();
        let flight = self.join(job);
        if let Some(events) = &events {
            flight.events.add(events.clone());
        }
        let fetched = async {
            let mut cached = flight.landed().await?;
            if let Some(to) = to {
                cached.path = self.place(&cached.path, to).await?;
            }
            if let Some(events) = events {
                events.send(Event::Done {
                    size: cached.size,
                    received: cached.received,
                });
            }
            Ok(cached)
        };
        let ended = match deadline {
            None => fetched.await,
            Some(deadline) => tokio::time::timeout(deadline, fetched)
                .await
                .unwrap_or_else(|_| Err(late(deadline, flight.is_waiting()))),
        };
        ended.map_err(|error: Error| error.with_what(url))
    }

    /// The transfer that does the job, or a new one.
    fn join(&self, job: Job) -> Arc<Flight> {
        let mut flights = self
            .shared
            .flights
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let key = job.key();
        if let Some(flight) = flights.get(&key).and_then(Weak::upgrade)
            && !flight.has_landed()
        {
            return flight;
        }
        flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::new(Flight::start(job, Arc::new(Broadcast::default())));
        flights.insert(key, Arc::downgrade(&flight));
        flight
    }

    async fn place(&self, from: &Path, to: PathBuf) -> Result<PathBuf, Error> {
        let from = from.to_owned();
        let durability = self.shared.cache.staging().durability();
        blocking(move || placing::place(&from, &to, durability).map(|()| to)).await
    }

    /// The files of the cache, the least recently used first. Blocks.
    ///
    /// # Errors
    ///
    /// `Io` if the cache cannot be read.
    pub fn entries(&self) -> Result<Vec<CacheEntry>, Error> {
        self.shared.cache.entries()
    }

    /// Removes files that are not in use, the least recently used first, down to a size; that of
    /// the options if there is none. Blocks.
    ///
    /// # Errors
    ///
    /// `Io` if the cache cannot be read or written.
    pub fn prune(&self, max_size: Option<u64>) -> Result<Pruned, Error> {
        match max_size {
            Some(max_size) => self.shared.cache.prune(max_size),
            None => self.shared.cache.evict(),
        }
    }

    /// Hashes all files of the cache, and removes those that are not what they should be. Blocks.
    ///
    /// # Errors
    ///
    /// `Io` if the cache cannot be read or written.
    pub fn verify(&self) -> Result<Verified, Error> {
        self.shared.cache.verify()
    }
}

/// Runs what blocks.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let stopped = |_| Error::new(ErrorKind::Cancelled, "the runtime is shutting down");
    tokio::task::spawn_blocking(run).await.map_err(stopped)?
}

fn late(deadline: Duration, is_waiting: bool) -> Error {
    if is_waiting {
        return Error::new(
            ErrorKind::LockTimeout,
            format!("another process is downloading it, and was not done within {deadline:?}"),
        );
    }
    Error::new(
        ErrorKind::Unavailable,
        format!("not done within the deadline of {deadline:?}; the bytes that arrived are kept"),
    )
}
