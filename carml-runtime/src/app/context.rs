//! What a service is made from.

use std::sync::Arc;

use carml_telemetry::metrics::Metrics;

use super::{AppError, ConfigReload, clients::Called, middleware};
use crate::{
    Shutdown,
    client::{self, Channel, Clients, GeneratedClient},
    config::{Loaded, Section, chain::Side},
    discovery::Resolver,
    kv::{Kv, Opened},
};

/// What a factory is given: the config, the store, and handles for later.
///
/// ```no_run
/// use carml_runtime::{App, AppError, Context, config::Config, kv::Kv};
/// # use carml_runtime::{Service, Shutdown};
///
/// struct Guests {
///     kv: Kv,
///     shutdown: Shutdown,
/// }
///
/// impl Guests {
///     fn new(context: &Context<Config>) -> Result<Self, AppError> {
///         Ok(Self {
///             kv: context.kv()?.clone(),
///             shutdown: context.shutdown().clone(),
///         })
///     }
/// }
/// # fn add<S: Service>(new: fn(&Context<Config>) -> Result<S, AppError>) {
/// let app = App::<Config>::new().service(new); // .service(Guests::new)
/// # }
/// ```
#[derive(Debug)]
pub struct Context<C> {
    pub(super) config: C,
    pub(super) loaded: Arc<Loaded>,
    pub(super) reload: ConfigReload<C>,
    pub(super) stores: Stores,
    /// Set before the services are made.
    pub(super) clients: std::sync::OnceLock<Clients>,
    pub(super) called: Called,
    pub(super) shutdown: Shutdown,
    pub(super) is_check: bool,
    /// Opened when it is first asked for: a service that downloads nothing pays nothing.
    #[cfg(feature = "download")]
    pub(super) downloads: std::sync::OnceLock<crate::download::Downloads>,
}

/// The stores that the config names.
#[derive(Debug)]
pub(super) struct Stores {
    pub(super) kv: StoreState<Opened>,
    #[cfg(feature = "store")]
    pub(super) objects: StoreState<crate::store::Store>,
    /// Where they and the downloads are measured.
    #[cfg_attr(not(feature = "download"), expect(dead_code, reason = "of downloads"))]
    pub(super) metrics: Metrics,
}

/// A store, as a factory finds it.
#[derive(Debug)]
pub(super) enum StoreState<T> {
    Open(T),
    NotConfigured,
    /// In a check.
    NotOpen,
}

#[cfg(feature = "store")]
impl<T> StoreState<T> {
    /// Changes a store that is open.
    pub(super) fn map(self, change: impl FnOnce(T) -> T) -> Self {
        match self {
            Self::Open(store) => Self::Open(change(store)),
            other => other,
        }
    }
}

impl<C> Context<C> {
    /// The config, as it was when the service started.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// A section that [`App::section`](super::App::section) added to the config.
    ///
    /// # Errors
    ///
    /// [`AppError::SectionNotRegistered`] if it did not.
    pub fn section<S: Section>(&self) -> Result<S, AppError> {
        self.reload.check_section(S::NAME)?;
        Ok(self.loaded.section()?)
    }

    /// Reads the config again while the service runs. Cheap to clone.
    pub fn reload(&self) -> &ConfigReload<C> {
        &self.reload
    }

    /// Notifies handlers of the drain, for calls that never end by themselves.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// The key/value store of the section `registry`. Cheap to clone.
    ///
    /// # Errors
    ///
    /// [`AppError::StoreNotConfigured`] if the config has no section `registry` and no service
    /// requires a call of the store. [`AppError::StoreNotOpen`] in a check: return it with `?`,
    /// and what the factory does after that is not checked.
    pub fn kv(&self) -> Result<&Kv, AppError> {
        self.opened().map(|opened| &opened.kv)
    }

    /// The object store of the section `store`. Cheap to clone.
    ///
    /// # Errors
    ///
    /// [`AppError::ObjectStoreNotConfigured`] if the config has no section `store` and no service
    /// requires a call of the object store.
    /// [`AppError::StoreNotOpen`] in a check: return it with `?`, and what the factory does after
    /// that is not checked.
    #[cfg(feature = "store")]
    pub fn store(&self) -> Result<&crate::store::Store, AppError> {
        match &self.stores.objects {
            StoreState::Open(store) => Ok(store),
            StoreState::NotConfigured => Err(AppError::ObjectStoreNotConfigured),
            StoreState::NotOpen => Err(AppError::StoreNotOpen),
        }
    }

    /// Finds the instances of services in the section `registry`. Cheap to clone.
    ///
    /// # Errors
    ///
    /// As [`kv`](Self::kv).
    pub fn resolver(&self) -> Result<Resolver, AppError> {
        let opened = self.opened()?;
        Ok(Resolver::new(Arc::clone(&opened.directory)))
    }

    /// A client of another service: a target of `grpc.client.targets`, or a service that is found
    /// in the section `registry`. Cheap to clone; all clients of a service share its connections.
    ///
    /// ```no_run
    /// # use carml_test_proto::proto;
    /// use carml_runtime::{AppError, Context, client::Channel, config::Config};
    /// use proto::hello::v1::GreeterClient;
    ///
    /// struct Front {
    ///     greeter: GreeterClient<Channel>,
    /// }
    ///
    /// impl Front {
    ///     fn new(context: &Context<Config>) -> Result<Self, AppError> {
    ///         Ok(Self { greeter: context.client()? })
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`channel`](Self::channel).
    pub fn client<T: GeneratedClient>(&self) -> Result<T, AppError> {
        self.called.generated(T::NAME, T::FILE_DESCRIPTOR_SET);
        self.open_channel(T::NAME).map(T::new)
    }

    /// The channel of a target in `grpc.client.targets`, by its name: for two targets of one
    /// service, and for clients that CarML did not generate. Names of methods that its
    /// `method_config` has are not all checked then.
    ///
    /// # Errors
    ///
    /// As [`kv`](Self::kv) if the instances are in the registry. A report at the target of the
    /// config if its certificates cannot be used.
    pub fn channel(&self, name: &str) -> Result<Channel, AppError> {
        self.called.channel(name);
        self.open_channel(name)
    }

    fn open_channel(&self, name: &str) -> Result<Channel, AppError> {
        let clients = self.clients.get().ok_or_else(|| {
            AppError::from("a middleware of clients cannot have a client: it is made before them")
        })?;
        clients.channel(name).map_err(|error| match error {
            client::Error::Chain(problems) => {
                middleware::refused(&self.loaded, Side::Client, &problems)
            }
            // In a check, the store is not open.
            client::Error::NoRegistry { .. } => match self.opened() {
                Err(error) => error,
                Ok(_) => AppError::StoreNotConfigured,
            },
            #[cfg(feature = "tls")]
            client::Error::Certificates(refusals) => {
                AppError::Refused(refusals.report(&self.loaded, &carml_tls::client(name)))
            }
            error => AppError::new(error),
        })
    }

    /// The download manager of the section `download`: the same one for all factories. Cheap to
    /// clone. With the feature `store`, `store:KEY` is an object of the section `store`.
    ///
    /// ```no_run
    /// use carml_runtime::{
    ///     AppError, Context,
    ///     config::Config,
    ///     download::{Downloads, Request, Unpack},
    /// };
    ///
    /// struct Predict {
    ///     downloads: Downloads,
    /// }
    ///
    /// impl Predict {
    ///     fn new(context: &Context<Config>) -> Result<Self, AppError> {
    ///         Ok(Self { downloads: context.downloads()?.clone() })
    ///     }
    ///
    ///     async fn load(&self) -> Result<(), carml_runtime::download::Error> {
    ///         let url = "https://example.org/model.tar.gz#sha256=e3b0c44298fc1c149afbf4c8996fb924\
    ///                    27ae41e4649b934ca495991b7852b855";
    ///         let model = self.downloads.fetch(Request::new(url).unpack(Unpack::Auto)).await?;
    ///         println!("{}", model.path.display());
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// A report at the section if the cache cannot be opened. [`AppError::DownloadsNotOpen`] in a
    /// check: return it with `?`.
    #[cfg(feature = "download")]
    pub fn downloads(&self) -> Result<&crate::download::Downloads, AppError> {
        if self.is_check {
            return Err(AppError::DownloadsNotOpen);
        }
        if let Some(downloads) = self.downloads.get() {
            return Ok(downloads);
        }
        let opened = super::open::downloads(
            &self.loaded,
            #[cfg(feature = "store")]
            match &self.stores.objects {
                StoreState::Open(store) => Some(store),
                _ => None,
            },
        )?;
        Ok(self.downloads.get_or_init(|| {
            crate::measure::downloads(&opened, &self.stores.metrics);
            opened
        }))
    }

    fn opened(&self) -> Result<&Opened, AppError> {
        match &self.stores.kv {
            StoreState::Open(opened) => Ok(opened),
            StoreState::NotConfigured => Err(AppError::StoreNotConfigured),
            StoreState::NotOpen => Err(AppError::StoreNotOpen),
        }
    }

    /// Whether this is `--check`: services are created, but not served, and dropped at once. A
    /// factory should then not connect to other systems or start tasks.
    pub fn is_check(&self) -> bool {
        self.is_check
    }

    /// An error at the line of a config value: `context.error_at("/limits/per_hour", "…")`.
    pub fn error_at(&self, pointer: &str, message: impl Into<String>) -> AppError {
        self.loaded
            .error_at(pointer, message, std::iter::empty::<String>())
            .into()
    }
}
