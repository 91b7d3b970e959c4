//! A service from its config to its end: load, check, open, bind, serve, drain.

mod args;
mod connections;
mod context;
mod error;
mod middleware;
mod open;
mod requirements;
mod serve;
mod stop;

use std::{marker::PhantomData, net::SocketAddr, process::ExitCode};

use bytes::Bytes;
use carml_diagnostic::{Format, Report, Source};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tonic::body::Body;
use tower_layer::Layer;
use tower_service::Service;

pub use context::Context;
pub use error::StartError;

use crate::{
    __private,
    config::{self, Loaded, Root, Schema, Section},
    grpc::chain::{Next, Own},
    kv::capability::Requirement,
};
use serve::Routed;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

type Factory<C> = Box<dyn FnOnce(&Context<C>, &mut Routed) -> Result<(), StartError> + Send>;

/// Joins a section to the schema, and reads it once so that a fault is found at start.
#[derive(Clone, Copy)]
struct Join {
    name: &'static str,
    schema: fn(&Schema) -> Result<Schema, Report>,
    read: fn(&Loaded) -> Result<(), config::Error>,
}

/// A service that reads its config, serves, and drains when it is told to end.
///
/// `C` is the root type that the build generates from the config schema.
pub struct App<C> {
    source: Option<Source>,
    files: Vec<std::path::PathBuf>,
    sets: Vec<String>,
    sections: Vec<Join>,
    middlewares: Vec<middleware::Known<C>>,
    check_only: bool,
    print_schema: bool,
    print_usage: bool,
    args_error: Option<StartError>,
    services: Vec<Factory<C>>,
    requires: Vec<(&'static str, Requirement)>,
    ready: Option<oneshot::Sender<SocketAddr>>,
    stop: Option<oneshot::Receiver<()>>,
    /// The process is this app's.
    process: bool,
    config: PhantomData<fn() -> C>,
}

impl<C> std::fmt::Debug for App<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("files", &self.files)
            .field("services", &self.services.len())
            .finish_non_exhaustive()
    }
}

impl<C> Default for App<C> {
    fn default() -> Self {
        Self {
            source: None,
            files: Vec::new(),
            sets: Vec::new(),
            sections: Vec::new(),
            middlewares: Vec::new(),
            check_only: false,
            print_schema: false,
            print_usage: false,
            args_error: None,
            services: Vec::new(),
            requires: Vec::new(),
            ready: None,
            stop: None,
            process: false,
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
        args::apply(Self::default(), std::env::args_os())
    }

    /// Reads this file instead of searching; later files win over earlier ones.
    #[must_use]
    pub fn config_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// Takes this YAML text as the config: for tests and for embedding. Neither files nor the
    /// environment's layers are read.
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

    /// Joins a section to the config's schema: its keys are checked and documented as all others
    /// are. Services read it with [`Context::section`].
    #[must_use]
    pub fn section<S: Section>(mut self) -> Self {
        self.sections.push(Join {
            name: S::NAME,
            schema: Schema::with_section::<S>,
            read: |loaded| loaded.section::<S>().map(drop),
        });
        self
    }

    /// Makes a layer of your own known by a name, which `grpc.server.middleware` may list anywhere
    /// with options of the type `O`, or alone if `O` is `()`. It joins the config's schema.
    ///
    /// The layer is made once the config is read and the store is open, if the config lists it.
    /// What it must be is told by [`Own::new`].
    #[must_use]
    pub fn middleware<O, L, B>(
        mut self,
        name: &'static str,
        make: impl FnOnce(&Context<C>, O) -> Result<L, StartError> + Send + 'static,
    ) -> Self
    where
        O: DeserializeOwned + JsonSchema,
        L: Layer<Next> + Send + Sync + 'static,
        L::Service: Service<http::Request<Body>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as Service<http::Request<Body>>>::Error: Into<BoxError>,
        <L::Service as Service<http::Request<Body>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.middlewares
            .push(middleware::Known::new(name, move |context, options| {
                Ok(Own::new(name, make(context, options)?))
            }));
        self
    }

    /// Adds a service, made once the config is read and the store is open.
    #[must_use]
    pub fn service<S: __private::Service>(
        mut self,
        make: impl FnOnce(&Context<C>) -> Result<S, StartError> + Send + 'static,
    ) -> Self {
        let name = <S::Server as tonic::server::NamedService>::NAME;
        self.requires
            .extend(S::REQUIRES.iter().map(|requirement| (name, *requirement)));
        self.services.push(Box::new(move |context, routed| {
            routed.add(make(context)?);
            Ok(())
        }));
        self
    }

    /// Tells the bound address as soon as calls are accepted.
    #[must_use]
    pub fn ready(mut self, ready: oneshot::Sender<SocketAddr>) -> Self {
        self.ready = Some(ready);
        self
    }

    /// Drains when this is sent to, or its sender is dropped, as on SIGTERM.
    #[must_use]
    pub fn stop(mut self, stop: oneshot::Receiver<()>) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Runs the process to its end, with one readable report on standard error if it cannot start:
    /// exit code 0 after a clean drain, 1 otherwise.
    ///
    /// What still runs after SIGTERM and the time that the drain has, or after a second signal,
    /// ends with the process, whatever it does: a handler that keeps its thread, too.
    pub async fn run(mut self) -> ExitCode {
        self.process = true;
        let Err(error) = self.serve().await else {
            return ExitCode::SUCCESS;
        };
        eprintln!("{}", error.to_string().trim_end());
        if matches!(error, StartError::Deadline(_) | StartError::CutShort) {
            // The runtime's own end would wait for what was cut off.
            std::process::exit(1);
        }
        ExitCode::FAILURE
    }

    /// Runs to the end. Dropping the future ends at once, without a drain.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; once calls are accepted, only a drain that passed its deadline.
    pub async fn serve(self) -> Result<(), StartError> {
        serve::serve(self).await
    }
}
