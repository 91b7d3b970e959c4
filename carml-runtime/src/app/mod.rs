//! A service from its config to its end: load, check, open, bind, serve, drain.

mod args;
mod checks;
mod clients;
mod context;
mod error;
mod middleware;
mod open;
mod registration;
mod reload;
mod serve;
mod services;
mod stop;

use std::{ffi::OsString, fmt, marker::PhantomData, path::PathBuf, process::ExitCode};

use bytes::Bytes;
use carml_diagnostic::{Format, Source};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tonic::{body::Body, server::NamedService as _};
use tower_layer::Layer;

pub use context::Context;
pub use error::AppError;
pub use reload::ConfigReload;

use crate::{
    config::{Root, Section, chain::Side},
    grpc::{
        chain::{CustomLayer, Next},
        server::Address,
    },
    service::Service,
};
use checks::{Checks, SectionEntry};
use middleware::{MiddlewareEntry, RegisteredMiddleware};
use services::ServiceFactory;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What an app is asked to do.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Serve,
    /// Check the config and what can be made of it, without serving.
    Check,
    PrintSchema,
    Usage,
}

/// A service that reads its config, serves, and drains on SIGTERM.
///
/// `C` is the root type that the build generates from the config schema, or
/// [`config::Config`](crate::config::Config) if the service adds no sections.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use carml_runtime::{App, config::Config};
/// # use carml_runtime::{AppError, Context, Service};
///
/// # fn services<S: Service>(new: fn(&Context<Config>) -> Result<S, AppError>) -> App<Config> {
/// # App::new().service(new)
/// # }
/// #[tokio::main]
/// async fn main() -> ExitCode {
///     App::<Config>::from_args()
///         // .section::<Limits>()          a section of your own
///         // .middleware("quota", …)       a middleware of your own
///         // .service(Hello::new)          a factory: fn(&Context<Config>) -> Result<Hello, AppError>
///         .run()
///         .await
/// }
/// ```
pub struct App<C> {
    /// What the command line says, or what is wrong with it.
    mode: Result<Mode, AppError>,
    source: Option<Source>,
    files: Vec<PathBuf>,
    sets: Vec<String>,
    checks: Checks,
    middlewares: Vec<RegisteredMiddleware<C>>,
    services: Vec<ServiceFactory<C>>,
    ready: Option<oneshot::Sender<Address>>,
    stop: Option<oneshot::Receiver<()>>,
    /// Whether the process ends with this app.
    owns_process: bool,
    config: PhantomData<fn() -> C>,
}

impl<C> fmt::Debug for App<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("mode", &self.mode)
            .field("files", &self.files)
            .field("services", &self.services.len())
            .finish_non_exhaustive()
    }
}

impl<C> Default for App<C> {
    fn default() -> Self {
        Self {
            mode: Ok(Mode::Serve),
            source: None,
            files: Vec::new(),
            sets: Vec::new(),
            checks: Checks::default(),
            middlewares: Vec::new(),
            services: Vec::new(),
            ready: None,
            stop: None,
            owns_process: false,
            config: PhantomData,
        }
    }
}

impl<C: Root + Send + Sync + 'static> App<C> {
    /// An app whose config is searched for: `$CARML_CONFIG_FILE`, `./carml.yml`,
    /// `./.carml_config.yml`, `~/.carml_config.yml`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with the process's arguments: `--config FILE`, `--set KEY=VALUE`, `--check`,
    /// `--print-schema`, `--help`.
    pub fn from_args() -> Self {
        Self::default().args(std::env::args_os().skip(1))
    }

    /// Adds arguments as [`App::from_args`] reads them, without the program's name:
    /// `.args(["--check"])`.
    #[must_use]
    pub fn args(self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        args::apply(self, args.into_iter().map(Into::into))
    }

    /// Reads this file, or this key of a [store](crate::remote), instead of searching. Later files
    /// win over earlier ones, and keys of stores over files.
    #[must_use]
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// Uses this YAML text as the config, for tests and for embedding. Files and environment
    /// variables are not read as layers.
    #[must_use]
    pub fn config_text(mut self, name: &str, yaml: &str) -> Self {
        self.source = Some(Source::new(name, yaml, Format::Yaml));
        self
    }

    /// Sets one value over all files: `grpc.server.listen=127.0.0.1:0`.
    #[must_use]
    pub fn set(mut self, assignment: impl Into<String>) -> Self {
        self.sets.push(assignment.into());
        self
    }

    /// Adds a section to the config's schema: its keys are checked and documented like all
    /// others. Services read it with [`Context::section`].
    ///
    /// ```
    /// use carml_runtime::{App, ConfigSection, config::Config};
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema, ConfigSection)]
    /// #[carml(section = "limits")]
    /// struct Limits {
    ///     /// How many guests may sign in an hour.
    ///     per_hour: u32,
    /// }
    ///
    /// let app = App::<Config>::new().section::<Limits>();
    /// ```
    #[must_use]
    pub fn section<S: Section>(mut self) -> Self {
        self.checks.sections.push(SectionEntry::of::<S>());
        self
    }

    /// Adds a middleware of your own, which `grpc.server.middleware` may then list anywhere: with
    /// options of the type `O`, or only by its name if `O` is `()`. The options become part of the
    /// config's schema.
    ///
    /// `make` creates the layer when the config is read and the store is open, if the config lists
    /// the middleware. Its errors are reported at the item of the list.
    ///
    /// ```
    /// use carml_runtime::{App, config::Config};
    /// use tower::{ServiceBuilder, util::MapRequestLayer};
    ///
    /// /// Options of `stamp`.
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Stamp {
    ///     value: String,
    /// }
    ///
    /// // grpc: { server: { middleware: [recover, stamp: { value: blue }] } }
    /// let app = App::<Config>::new().middleware("stamp", |_, stamp: Stamp| {
    ///     let value: http::HeaderValue = stamp.value.parse().map_err(carml_runtime::AppError::new)?;
    ///     Ok(MapRequestLayer::new(move |mut request: http::Request<_>| {
    ///         request.headers_mut().insert("x-stamp", value.clone());
    ///         request
    ///     }))
    /// });
    /// ```
    #[must_use]
    pub fn middleware<O, L, B>(
        self,
        name: &'static str,
        make: impl FnOnce(&Context<C>, O) -> Result<L, AppError> + Send + 'static,
    ) -> Self
    where
        O: DeserializeOwned + JsonSchema,
        L: Layer<Next> + Send + Sync + 'static,
        L::Service: tower_service::Service<http::Request<Body>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as tower_service::Service<http::Request<Body>>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<http::Request<Body>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.middleware_of(Side::Server, name, make)
    }

    /// The same for `grpc.client.middleware`: the calls that the service makes pass through it. The
    /// layer is made before the services, and cannot make calls itself.
    #[must_use]
    pub fn client_middleware<O, L, B>(
        self,
        name: &'static str,
        make: impl FnOnce(&Context<C>, O) -> Result<L, AppError> + Send + 'static,
    ) -> Self
    where
        O: DeserializeOwned + JsonSchema,
        L: Layer<Next> + Send + Sync + 'static,
        L::Service: tower_service::Service<http::Request<Body>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as tower_service::Service<http::Request<Body>>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<http::Request<Body>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.middleware_of(Side::Client, name, make)
    }

    fn middleware_of<O, L, B>(
        mut self,
        side: Side,
        name: &'static str,
        make: impl FnOnce(&Context<C>, O) -> Result<L, AppError> + Send + 'static,
    ) -> Self
    where
        O: DeserializeOwned + JsonSchema,
        L: Layer<Next> + Send + Sync + 'static,
        L::Service: tower_service::Service<http::Request<Body>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as tower_service::Service<http::Request<Body>>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<http::Request<Body>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let make = move |context: &_, options| Ok(CustomLayer::new(name, make(context, options)?));
        let entry = MiddlewareEntry::of::<O>(side, name);
        self.checks.middlewares.push(entry);
        self.middlewares
            .push(RegisteredMiddleware::new(side, name, make));
        self
    }

    /// Adds a service, which is created when the config is read and the store is open.
    #[must_use]
    pub fn service<S: Service>(
        mut self,
        make: impl FnOnce(&Context<C>) -> Result<S, AppError> + Send + 'static,
    ) -> Self {
        let requires = S::REQUIRES.iter();
        self.checks
            .requires
            .extend(requires.map(|requirement| (S::Server::NAME, *requirement)));
        self.services.push(ServiceFactory::new(make));
        self
    }

    /// Sends the bound address as soon as calls are accepted.
    #[must_use]
    pub fn ready(mut self, ready: oneshot::Sender<Address>) -> Self {
        self.ready = Some(ready);
        self
    }

    /// Drains when this is sent to, or its sender is dropped, as on SIGTERM.
    #[must_use]
    pub fn stop(mut self, stop: oneshot::Receiver<()>) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Runs the service until the process ends, and returns the exit code: 0 after a clean drain, 1
    /// otherwise. If the service cannot start, a report is printed on standard error.
    ///
    /// After the deadline of the drain, or after a second signal, the process ends at once, even if
    /// a handler blocks its thread.
    pub async fn run(mut self) -> ExitCode {
        self.owns_process = true;
        let ended = self.serve().await;
        carml_telemetry::flush();
        let Err(error) = ended else {
            return ExitCode::SUCCESS;
        };
        error.print();
        if error.leaves_calls() {
            // The runtime's own end would wait for them.
            std::process::exit(AppError::EXIT_CODE.into());
        }
        ExitCode::from(AppError::EXIT_CODE)
    }

    /// Runs the service until it has drained. Dropping the future ends it at once, without a drain.
    ///
    /// # Errors
    ///
    /// See [`AppError`]. Once calls are accepted, the only error is a drain that exceeded its
    /// deadline.
    pub async fn serve(self) -> Result<(), AppError> {
        // On the heap: the future of a whole service is large, and deep for the compiler.
        Box::pin(serve::serve(self)).await
    }
}
