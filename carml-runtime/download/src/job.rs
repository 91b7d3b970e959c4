//! What a request asks for: from the cache, or by a transfer.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use http::HeaderValue;
use tracing::{Span, field::Empty};

use crate::{
    Algorithm, CacheSource, Cached, Checksum, Error, ErrorKind, Event, Request, Unpack,
    archive::Format,
    cache::{KeyLock, Lease, Record, now},
    event::Broadcast,
    flight::Status,
    manager::{Shared, blocking},
    policy::location::Location,
    request::Trust,
    transfer::{Complete, Outcome, Transfer, hash_file},
};

/// A checked request.
pub(crate) struct Job {
    shared: Arc<Shared>,
    location: Location,
    checksums: Vec<Checksum>,
    trust: Trust,
    unpack: Option<Unpack>,
    force: bool,
    started: u64,
}

/// What two requests have in common if one transfer serves both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JobKey {
    url: String,
    authorization: Option<HeaderValue>,
    checksums: Vec<Checksum>,
    trust: Trust,
    unpack: Option<Unpack>,
    force: bool,
}

/// What the cache has.
enum Found {
    Right(Cached),
    /// Whether it is still right is the server's to say.
    Old(Record, Cached),
    Nothing,
}

impl Job {
    pub(crate) fn new(shared: &Arc<Shared>, request: Request) -> Result<Self, Error> {
        let location = Location::parse(&request.url)?;
        let shown = location.shown();
        if let Some(error) = request.invalid {
            return Err(error.with_what(shown));
        }
        let mut checksums = request.checksums;
        checksums.extend(location.checksum.clone());
        // SHA-256 first: it is the key.
        checksums.sort_by_key(Checksum::algorithm);
        checksums.dedup();
        let contradict = checksums
            .windows(2)
            .any(|pair| pair[0].algorithm() == pair[1].algorithm());
        if contradict {
            let message = "two different checksums of one algorithm";
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_what(shown));
        }
        let policy = &shared.policy;
        policy
            .check_request(&location, request.trust, &checksums)
            .map_err(|error| error.with_what(shown))?;
        Ok(Self {
            shared: Arc::clone(shared),
            location,
            checksums,
            trust: request.trust,
            unpack: request.unpack,
            force: request.force,
            started: now(),
        })
    }

    pub(crate) fn key(&self) -> JobKey {
        JobKey {
            url: self.location.url.to_string(),
            authorization: self.location.authorization.clone(),
            checksums: self.checksums.clone(),
            trust: self.trust,
            unpack: self.unpack,
            force: self.force,
        }
    }

    pub(crate) fn shown(&self) -> String {
        self.location.shown()
    }

    /// The SHA-256 that the file must have.
    fn sha256(&self) -> Option<&str> {
        let first = self.checksums.first()?;
        (first.algorithm() == Algorithm::Sha256).then(|| first.hex())
    }

    /// The span of the job, in that of the one who asks for it first.
    pub(crate) fn span(&self) -> Span {
        tracing::info_span!(
            target: "carml::download",
            "download",
            "otel.kind" = "client",
            "otel.status_code" = Empty,
            "url.full" = self.location.shown(),
            "download.source" = Empty,
            "download.size" = Empty,
            "download.received" = Empty,
            "error.type" = Empty,
        )
    }

    pub(crate) async fn run(
        self,
        events: Arc<Broadcast>,
        status: Arc<Status>,
    ) -> Result<Cached, Error> {
        let begun = Instant::now();
        let done = self.file_or_folder(&events, &status).await;
        let span = Span::current();
        match &done {
            Ok(cached) => {
                span.record("download.source", cached.source.as_str());
                span.record("download.size", cached.size);
                span.record("download.received", cached.received);
            }
            Err(error) => {
                span.record("error.type", error.kind.as_str());
                span.record("otel.status_code", "ERROR");
            }
        }
        if let Some(observer) = self.shared.transport.observer.get() {
            observer.ended(done.as_ref(), begun.elapsed());
        }
        done
    }

    async fn file_or_folder(
        &self,
        events: &Arc<Broadcast>,
        status: &Status,
    ) -> Result<Cached, Error> {
        let cached = self.file(events, status).await?;
        match self.unpack {
            None => Ok(cached),
            Some(Unpack::Auto) => self.unpacked(cached, events, status).await,
        }
    }

    async fn file(&self, events: &Arc<Broadcast>, status: &Status) -> Result<Cached, Error> {
        let mut force = self.force;
        loop {
            if !force && let Found::Right(cached) = self.find().await? {
                return Ok(cached);
            }
            if self.shared.offline {
                return Err(Error::new(
                    ErrorKind::Offline,
                    "the cache does not have the file, and `offline` is set",
                ));
            }
            // A forced transfer must not wait for those who use the file.
            let url_key = self.location.key();
            let sha256 = self.sha256().filter(|_| !force);
            let key = sha256.map_or_else(|| format!("url-{url_key}"), str::to_owned);
            let waiting = || {
                status.is_waiting.store(true, Ordering::Relaxed);
                events.send(Event::Waiting);
            };
            let lock_path = self.shared.cache.lock_path(&key);
            let is_there = || sha256.is_some_and(|sha256| self.shared.cache.size(sha256).is_some());
            let lock = KeyLock::exclusive(&lock_path, waiting, is_there).await?;
            status.is_waiting.store(false, Ordering::Relaxed);
            let Some(lock) = lock else {
                continue;
            };
            let found = if force || sha256.is_some() {
                Found::Nothing
            } else {
                self.find().await?
            };
            let old = match found {
                Found::Right(cached) => return Ok(cached),
                Found::Old(record, cached) => Some((record, cached)),
                Found::Nothing => None,
            };
            if let Some(cached) = self.transfer(&key, lock, old, events).await? {
                return Ok(cached);
            }
            // Evicted before it could be leased, or by another process's hand.
            force = false;
        }
    }

    /// The folder that a file becomes, unpacked once for all processes.
    async fn unpacked(
        &self,
        cached: Cached,
        events: &Arc<Broadcast>,
        status: &Status,
    ) -> Result<Cached, Error> {
        let cache = &self.shared.cache;
        let blob = cached.path.clone();
        let format = blocking(move || Format::of(&blob)).await?;
        let tree = cache.tree(&cached.sha256, format.as_str());
        let waiting = || {
            status.is_waiting.store(true, Ordering::Relaxed);
            events.send(Event::Waiting);
        };
        let name = format!("tree-{}-{}", cached.sha256, format.as_str());
        let lock = KeyLock::exclusive(&cache.lock_path(&name), waiting, || tree.is_dir()).await?;
        status.is_waiting.store(false, Ordering::Relaxed);
        if let Some(lock) = lock {
            events.send(Event::Unpacking);
            let (cache, limits) = (cache.clone(), self.shared.unpack);
            let (blob, target) = (cached.path.clone(), tree.clone());
            blocking(move || {
                let _lock = lock;
                cache.unpack(&blob, format, &target, limits)
            })
            .await?;
        }
        Ok(Cached {
            path: tree,
            ..cached
        })
    }

    async fn find(&self) -> Result<Found, Error> {
        let url_key = self.location.key();
        let cache = &self.shared.cache;
        let record = cache.record(&url_key);
        let sha256 = match (self.sha256(), &record) {
            (Some(sha256), _) => sha256.to_owned(),
            (None, Some(record)) => record.sha256.clone(),
            (None, None) => return Ok(Found::Nothing),
        };
        let Some((size, lease)) = cache.lease(&sha256).await? else {
            return Ok(Found::Nothing);
        };
        let record = record.filter(|record| record.sha256 == sha256);
        if record.as_ref().is_some_and(|record| record.size != size) {
            // Something has changed the file.
            return Ok(Found::Nothing);
        }
        let cached = self.cached(sha256, size, CacheSource::Cache, 0, lease);
        if !self.checksums.is_empty() {
            let is_right = self.is_right(record, &cached).await?;
            return Ok(if is_right {
                Found::Right(cached)
            } else {
                Found::Nothing
            });
        }
        let Some(record) = record else {
            return Ok(Found::Nothing);
        };
        let is_fresh = self.shared.offline
            // Another process asked the server while this one waited for it. A time of the future
            // is of a clock that was set back.
            || (self.started + 1..=now()).contains(&record.fetched)
            || record.age().is_some_and(|age| age < self.shared.revalidate);
        Ok(if is_fresh {
            Found::Right(cached)
        } else {
            Found::Old(record, cached)
        })
    }

    /// Whether a file of the cache has all expected checksums.
    async fn is_right(&self, record: Option<Record>, cached: &Cached) -> Result<bool, Error> {
        let is_known = |checksum: &Checksum| {
            checksum.algorithm() == Algorithm::Sha256
                || record.as_ref().is_some_and(|record| record.has(checksum))
        };
        if self.checksums.iter().all(is_known) {
            return Ok(true);
        }
        let path = cached.path.clone();
        let expected = self.checksums.clone();
        blocking(move || {
            let digests = hash_file(&path, &expected)
                .map_err(|error| Error::io(&path, "cannot read", error))?;
            Ok(digests.mismatch(&expected).is_none())
        })
        .await
    }

    /// `None`: the file left the cache again before it could be handed out.
    async fn transfer(
        &self,
        key: &str,
        lock: KeyLock,
        old: Option<(Record, Cached)>,
        events: &Arc<Broadcast>,
    ) -> Result<Option<Cached>, Error> {
        let shared = &self.shared;
        let closed = |_| Error::new(ErrorKind::Cancelled, "the download manager was closed");
        let slot = shared.slots.acquire().await.map_err(closed)?;
        let files = shared.cache.part_files(key, &lock);
        let transfer = Transfer {
            transport: Arc::clone(&shared.transport),
            cache: shared.cache.clone(),
            events: Arc::clone(events),
            trust: self.trust,
            expected: self.checksums.clone(),
            known: old.as_ref().map(|(record, _)| record.clone()),
            files: files.clone(),
            lock: lock.clone(),
        };
        let candidates = shared
            .policy
            .candidates(&self.location, !self.checksums.is_empty());
        let outcome = transfer.run(&candidates).await;
        drop(slot);
        match (outcome, old) {
            (Ok(Outcome::Complete(complete)), _) => {
                let cached = self.keep(key, lock, complete, &files.data).await;
                if cached.is_ok() {
                    files.remove();
                }
                cached
            }
            (Ok(Outcome::NotModified), Some((record, cached))) => {
                let record = Record {
                    fetched: now(),
                    ..record
                };
                shared.cache.write_record(&self.location.key(), &record)?;
                Ok(Some(cached))
            }
            (Ok(Outcome::NotModified), None) => Err(Error::new(
                ErrorKind::Unavailable,
                "the server answered 304, which was not asked for",
            )),
            (Err(error), Some((_, cached))) if shared.stale_if_error && error.is_transient() => {
                tracing::warn!(%error, "using the file of the cache: the server cannot be asked");
                let source = CacheSource::Stale;
                Ok(Some(Cached { source, ..cached }))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Makes a complete partial file one of the cache.
    async fn keep(
        &self,
        key: &str,
        lock: KeyLock,
        complete: Complete,
        part: &std::path::Path,
    ) -> Result<Option<Cached>, Error> {
        let cache = &self.shared.cache;
        let sha256 = complete.digests.sha256().to_owned();
        // So that it cannot be evicted before it is leased.
        let lease = if key == sha256 {
            None
        } else {
            Some(KeyLock::shared(&cache.lock_path(&sha256)).await?)
        };
        let verified: BTreeMap<String, String> = complete
            .digests
            .others()
            .iter()
            .map(|checksum| {
                (
                    checksum.algorithm().as_str().to_owned(),
                    checksum.hex().to_owned(),
                )
            })
            .collect();
        let record = Record {
            url: self.location.identity(),
            sha256: sha256.clone(),
            size: complete.size,
            etag: complete.validators.etag,
            last_modified: complete.validators.last_modified,
            fetched: now(),
            verified,
        };
        let url_key = self.location.key();
        let placed = {
            let (cache, part, sha256) = (cache.clone(), part.to_owned(), sha256.clone());
            blocking(move || {
                cache.place(&part, &sha256)?;
                cache.write_record(&url_key, &record)
            })
        };
        placed.await?;
        drop(lock);
        let leased = cache.lease(&sha256).await?;
        drop(lease);
        let (size, received) = (complete.size, complete.received);
        let cached = leased
            .map(|(_, lease)| self.cached(sha256, size, CacheSource::Network, received, lease));
        let cache = cache.clone();
        let evicted = blocking(move || cache.evict()).await;
        if let Err(error) = evicted {
            tracing::warn!(%error, "the cache cannot be kept to its size");
        }
        Ok(cached)
    }

    fn cached(
        &self,
        sha256: String,
        size: u64,
        source: CacheSource,
        received: u64,
        lease: Lease,
    ) -> Cached {
        Cached {
            path: self.shared.cache.blob(&sha256),
            sha256,
            size,
            source,
            received,
            _lease: lease,
        }
    }
}
