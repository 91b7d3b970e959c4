//! The session with the servers, and its successors.
//!
//! The client library finds another server when one fails, as long as the session lives. A session
//! that has ended is replaced here.

mod endpoint;
mod failure;
mod keeper;
mod relay;
mod setup;
mod tls;

pub(crate) use self::{
    failure::{LEASED_PARENT, failure},
    keeper::certain,
};

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use carml_kv::{
    Error, ErrorKind, LeaseId,
    client::{Failure, Leases, Outcome, Server, Validity},
};
use futures_util::future::join_all;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};
use tokio_util::task::AbortOnDropHandle;
use zookeeper_client::{Acl, Acls, Client, SessionState};

use self::endpoint::Endpoint;
use crate::{PROVIDER, namespace::Namespace, options::Options};

/// Calls that have requests under way. A session answers in its order, so more would hold up the signs
/// of life until the session seems lost.
const CALLS_AT_ONCE: usize = 128;

/// One session. Its end releases the locks and leaves the queues.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) validity: Arc<Validity>,
    _keeper: AbortOnDropHandle<()>,
}

impl Session {
    fn is_over(&self) -> bool {
        self.client.state().is_terminated() || self.validity.lost().is_cancelled()
    }
}

/// The servers, as one: the client library chooses among them.
pub(crate) struct Ensemble {
    servers: Arc<[Endpoint]>,
    /// Of all servers, for messages.
    name: String,
    /// What the client library connects to.
    connect: String,
    credentials: Option<Vec<u8>>,
    has_user: bool,
    /// How long a server may be silent.
    silence: Duration,
    lock_ttl: Duration,
    pub(crate) namespace: Namespace,
    /// The ACL of new nodes: that of the bucket's node.
    acl: RwLock<Vec<Acl>>,
    current: Mutex<Option<Arc<Session>>>,
    connecting: tokio::sync::Mutex<()>,
    turns: Semaphore,
    /// Until when sessions are certainly alive.
    sessions: Leases,
}

impl Server for Ensemble {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Ensemble {
    pub(crate) async fn new(options: &Options, namespace: Namespace) -> Result<Ensemble, Error> {
        let refuse = |why: String| {
            Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER)
        };
        let credentials = credentials(options).map_err(refuse)?;
        let mut servers = Vec::with_capacity(options.endpoints.len());
        for text in &options.endpoints {
            let server = Endpoint::new(text, options.tls.as_ref(), credentials.as_deref()).await;
            servers.push(server.map_err(refuse)?);
        }
        if servers.is_empty() {
            return Err(refuse(
                "`endpoints` must name at least one server".to_owned(),
            ));
        }
        let list = |part: fn(&Endpoint) -> &str| {
            let parts: Vec<&str> = servers.iter().map(part).collect();
            parts.join(",")
        };
        let share = options.timeout / 2 / servers.len().clamp(1, 3) as u32;
        Ok(Ensemble {
            name: list(|server| &server.name),
            connect: list(|server| &server.connect),
            credentials,
            has_user: options.user.is_some(),
            silence: options.request_timeout.map_or(share, |own| own.min(share)),
            lock_ttl: options.lock_ttl,
            namespace,
            acl: RwLock::default(),
            current: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            turns: Semaphore::new(CALLS_AT_ONCE),
            sessions: Leases::default(),
            servers: servers.into(),
        })
    }

    /// The same servers, with all their nodes.
    pub(crate) fn without_bucket(&self) -> Ensemble {
        Ensemble {
            servers: self.servers.clone(),
            name: self.name.clone(),
            connect: self.connect.clone(),
            credentials: self.credentials.clone(),
            has_user: self.has_user,
            silence: self.silence,
            lock_ttl: self.lock_ttl,
            namespace: Namespace::without_bucket(),
            acl: RwLock::default(),
            current: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            turns: Semaphore::new(CALLS_AT_ONCE),
            sessions: Leases::default(),
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call may send requests; `None`: never.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// The session, connected; opens one if there is none.
    pub(crate) async fn session(
        self: &Arc<Self>,
        deadline: Instant,
    ) -> Result<Arc<Session>, Failure> {
        loop {
            let current = self.current().clone().filter(|session| !session.is_over());
            if let Some(session) = current {
                if self.connected(&session, deadline).await? {
                    return Ok(session);
                }
                continue;
            }
            let start = Instant::now();
            let connecting = timeout_at(deadline, self.connecting.lock()).await;
            let _one_at_a_time = connecting.map_err(|_| Failure::not_connected(start.elapsed()))?;
            if self
                .current()
                .as_ref()
                .is_some_and(|session| !session.is_over())
            {
                continue;
            }
            // The old one is closed before there is another: its locks are free.
            drop(self.current().take());
            let sent = Instant::now();
            let client = self.open(self.lock_ttl, deadline).await?;
            let learned = timeout_at(deadline, self.learn_acl(&client)).await;
            learned
                .map_err(|_| Failure::silent(sent.elapsed()))
                .and_then(|done| done.map_err(failure))
                .map_err(unsent)?;
            let session = Arc::new(self.keep(client, sent.into_std()));
            *self.current() = Some(session.clone());
            return Ok(session);
        }
    }

    /// Waits until the session has a server; `false`: it has ended.
    async fn connected(&self, session: &Session, deadline: Instant) -> Result<bool, Failure> {
        let start = Instant::now();
        let mut state = session.client.state_watcher();
        loop {
            match state.peek_state() {
                SessionState::SyncConnected => return Ok(true),
                state if state.is_terminated() => return Ok(false),
                _ => {}
            }
            tokio::select! {
                _ = state.changed() => {}
                () = session.validity.lost().cancelled() => return Ok(false),
                () = tokio::time::sleep_until(explain_at(start, deadline)) => {
                    let failure = Failure::not_connected(start.elapsed());
                    return Err(self.explain(failure, deadline).await);
                }
            }
        }
    }

    /// Opens a session of its own.
    pub(crate) async fn open(&self, ttl: Duration, deadline: Instant) -> Result<Client, Failure> {
        let start = Instant::now();
        let mut connector = Client::connector()
            .with_session_timeout(ttl)
            .with_connection_timeout(self.silence)
            .with_fail_eagerly();
        if let Some(credentials) = &self.credentials {
            connector = connector.with_auth("digest", credentials);
        }
        let connected = timeout_at(
            explain_at(start, deadline),
            connector.connect(&self.connect),
        );
        let failure = match connected.await {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(e)) => unsent(failure(e)),
            Err(_) => Failure::not_connected(start.elapsed()),
        };
        match failure.outcome {
            Outcome::Refused(_) => Err(failure),
            _ => Err(self.explain(failure, deadline).await),
        }
    }

    /// The client library does not tell why there is no session.
    async fn explain(&self, mut failure: Failure, deadline: Instant) -> Failure {
        let limit = (deadline - Instant::now()).mul_f32(0.8);
        let problems = self.servers.iter().map(|server| async move {
            let problem = server.problem(limit).await?;
            Some(match self.servers.len() {
                1 => problem,
                _ => format!("{}: {problem}", server.name),
            })
        });
        let problems: Vec<String> = join_all(problems).await.into_iter().flatten().collect();
        if !problems.is_empty() {
            failure.message = problems.join("; ");
        }
        failure
    }

    /// Keeps the clock of a session.
    fn keep(self: &Arc<Self>, client: Client, sent: std::time::Instant) -> Session {
        let id = LeaseId(client.session_id().0.cast_unsigned());
        let ttl = certain(client.session_timeout());
        let validity = self.sessions.add(id, ttl, sent);
        let keeper = keeper::run(Arc::downgrade(self), client.clone(), validity.clone());
        Session {
            client,
            validity,
            _keeper: AbortOnDropHandle::new(tokio::spawn(keeper)),
        }
    }

    /// Runs with the ACL of new nodes.
    pub(crate) fn with_acl<T>(&self, run: impl FnOnce(Acls<'_>) -> T) -> T {
        let acl = self.acl.read().unwrap_or_else(PoisonError::into_inner);
        match (acl.is_empty(), self.has_user) {
            (false, _) => run(Acls::new(&acl)),
            (true, true) => run(Acls::creator_all()),
            (true, false) => run(Acls::anyone_all()),
        }
    }

    /// Ends the session, once nobody uses it any more.
    pub(crate) fn disconnect(&self) {
        self.sessions.close();
        drop(self.current().take());
    }
}

/// When to stop waiting, to have time to find out the reason.
fn explain_at(start: Instant, deadline: Instant) -> Instant {
    start + (deadline - start).mul_f32(0.7)
}

/// Of connecting: the request itself was not sent.
fn unsent(mut failure: Failure) -> Failure {
    if failure.outcome == Outcome::Unknown {
        failure.outcome = Outcome::Unsent;
    }
    failure
}

/// The login of the scheme `digest`. Without a user but with TLS it is a random one, by which the relay
/// knows its own connections.
fn credentials(options: &Options) -> Result<Option<Vec<u8>>, String> {
    match &options.user {
        Some((name, _)) if name.is_empty() || name.contains(':') => {
            Err("on ZooKeeper, `username` must not be empty or contain `:`".to_owned())
        }
        Some((name, password)) => Ok(Some(format!("{name}:{password}").into_bytes())),
        None if options.tls.is_some() => {
            let secret: u128 = rand::random();
            Ok(Some(format!("carml:{secret:032x}").into_bytes()))
        }
        None => Ok(None),
    }
}
