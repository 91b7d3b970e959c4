//! Keeps a process registered.

use std::{fmt, sync::Arc, time::Duration};

use carml_kv::client::Backoff;
use tokio::{sync::watch, time::Instant};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{Directory, Instance, Registration};

/// Entries that were there for this long are written again without a long pause.
const STABLE: Duration = Duration::from_secs(5);

/// Whether a process is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationState {
    /// The first attempt is under way.
    Registering,
    /// The directory has the entries.
    Registered,
    /// The directory may not have the entries. The registrar retries until it succeeds.
    Retrying {
        /// Why the last attempt failed, or why the entries are gone.
        reason: String,
    },
    /// The registrar was stopped.
    Stopped,
}

/// Keeps an instance registered until it is stopped: renews its entries, and writes them again if
/// they are lost. If this is dropped, the entries end with their TTL.
///
/// ```
/// use std::{sync::Arc, time::Duration};
///
/// use carml_discovery::{Directory, Instance, Registrar};
///
/// /// Registers this process for as long as `serving` takes.
/// async fn register(directory: Arc<dyn Directory>, serving: impl Future<Output = ()>) {
///     let services = vec!["shop.v1.Orders".to_owned()];
///     let instance = Instance::new("10.0.0.5:50051");
///     let registrar = Registrar::start(directory, services, instance, Duration::from_secs(30));
///     serving.await;
///     registrar.stop().await;
/// }
/// ```
pub struct Registrar {
    state: watch::Receiver<RegistrationState>,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar")
            .field("state", &*self.state.borrow())
            .finish_non_exhaustive()
    }
}

impl Registrar {
    /// Starts to register; call it inside a tokio runtime, once calls are accepted.
    pub fn start(
        directory: Arc<dyn Directory>,
        services: Vec<String>,
        instance: Instance,
        ttl: Duration,
    ) -> Self {
        let (state, states) = watch::channel(RegistrationState::Registering);
        let stop = CancellationToken::new();
        let supervisor = Supervisor {
            directory,
            services,
            instance,
            ttl,
            state,
            stop: stop.clone(),
        };
        Self {
            state: states,
            stop,
            task: AbortOnDropHandle::new(tokio::spawn(supervisor.run())),
        }
    }

    /// The state, and its changes.
    pub fn state(&self) -> watch::Receiver<RegistrationState> {
        self.state.clone()
    }

    /// Removes the entries. An attempt in progress ends first: use a timeout if the directory may
    /// be unreachable.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}

struct Supervisor {
    directory: Arc<dyn Directory>,
    services: Vec<String>,
    instance: Instance,
    ttl: Duration,
    state: watch::Sender<RegistrationState>,
    stop: CancellationToken,
}

impl Supervisor {
    async fn run(self) {
        // Its pauses are random: many processes that lost the same directory do not come back at once.
        let mut backoff = Backoff::new(1);
        let mut previous: Option<Box<dyn Registration>> = None;
        while !self.stop.is_cancelled() {
            // Not cancelled by a stop: what was written would be left behind.
            let attempt = self
                .directory
                .register(&self.services, &self.instance, self.ttl);
            match attempt.await {
                Ok(mut registration) => {
                    if let Some(previous) = previous.take() {
                        previous.replaced();
                    }
                    self.set(RegistrationState::Registered);
                    let start = Instant::now();
                    tokio::select! {
                        () = self.stop.cancelled() => return self.end(registration).await,
                        reason = registration.lost() => self.set(RegistrationState::Retrying { reason }),
                    }
                    previous = Some(registration);
                    // Entries that are removed again and again are not written without a pause.
                    if start.elapsed() > STABLE {
                        backoff.reset();
                    }
                }
                Err(error) => {
                    let reason = error.to_string();
                    self.set(RegistrationState::Retrying { reason });
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(backoff.pause()) => {}
            }
        }
        match previous {
            Some(registration) => self.end(registration).await,
            None => self.set(RegistrationState::Stopped),
        }
    }

    async fn end(&self, registration: Box<dyn Registration>) {
        if let Err(error) = registration.remove().await {
            tracing::warn!(
                %error,
                "the registration could not be removed: it ends after its ttl"
            );
        }
        self.set(RegistrationState::Stopped);
    }

    /// Sets the state, and logs it if it is another one.
    fn set(&self, new: RegistrationState) {
        let is_change =
            std::mem::discriminant(&*self.state.borrow()) != std::mem::discriminant(&new);
        let provider = self.directory.provider();
        let (address, services) = (&*self.instance.address, self.services.join(","));
        match &new {
            RegistrationState::Retrying { reason } if is_change => {
                tracing::warn!(
                    provider,
                    address,
                    services,
                    reason,
                    "not registered: trying again"
                );
            }
            RegistrationState::Retrying { reason } => {
                tracing::debug!(provider, reason, "still not registered");
            }
            RegistrationState::Registered => {
                tracing::info!(provider, address, services, "registered");
            }
            RegistrationState::Stopped => {
                tracing::info!(provider, address, services, "registration ended");
            }
            RegistrationState::Registering => {}
        }
        self.state.send_replace(new);
    }
}
