//! From the first line of the config to the last call.

use std::{
    io::{ErrorKind, Write as _},
    net::SocketAddr,
};

use carml_grpc::health::Reporter;
use tokio::{net::TcpListener, sync::oneshot};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tonic::{server::NamedService, service::Routes, transport::Server};

use super::{
    App, Context, StartError, args, connections, middleware, open, requirements,
    stop::{self, Stop},
};
use crate::{
    __private::Service,
    Shutdown,
    config::{Config, Loaded, Loader, Root, Schema},
    grpc::{
        Described,
        chain::{Chain, ChainLayer},
    },
    logger,
};

/// How many bytes a connection may have under way, in HTTP/2's flow control.
///
/// h2 closes a connection on which too many small frames wait to be read (RUSTSEC-2026-0258), and
/// allows half of this window for them, at about 250 bytes a frame. With hyper's 1 MiB, some two
/// thousand small calls at once on one connection were enough to lose them all.
const CONNECTION_WINDOW: u32 = 16 << 20;

/// Services, with what health and reflection say of them.
#[derive(Default)]
pub(super) struct Routed {
    routes: Routes,
    names: Vec<&'static str>,
    descriptors: Vec<&'static [u8]>,
}

impl Routed {
    pub(super) fn add<S: Service>(&mut self, service: S) {
        self.names.push(<S::Server as NamedService>::NAME);
        self.descriptors
            .push(<S::Server as Described>::FILE_DESCRIPTOR_SET);
        self.routes = std::mem::take(&mut self.routes).add_service(service.into_server());
    }
}

pub(super) async fn serve<C: Root + Send + Sync + 'static>(
    mut app: App<C>,
) -> Result<(), StartError> {
    if let Some(error) = app.args_error.take() {
        return Err(error);
    }
    if app.print_usage {
        return say(args::USAGE);
    }
    let schema = schema(&app)?;
    if app.print_schema {
        return say(format_args!("{:#}", schema.bundled()));
    }
    let loaded = load(&mut app, schema)?;
    let base: Config = loaded.typed()?;
    requirements::check(&loaded, &base, &app.requires)?;
    let built_in = &base.grpc.server.middleware;
    let chain = middleware::plan(&loaded, built_in, &app.middlewares)?;
    let config = loaded.typed()?;
    for section in &app.sections {
        (section.read)(&loaded)?;
    }
    if app.check_only {
        return say(format_args!("the config is valid; the chain is {chain}"));
    }
    logger::init(&base);
    for warning in chain.warnings() {
        tracing::warn!("{warning}");
    }
    let kv = open::store(&loaded, &base, !app.requires.is_empty()).await?;
    let shutdown = Shutdown::default();
    let context = Context {
        config,
        loaded,
        sections: app.sections.iter().map(|section| section.name).collect(),
        kv: kv.clone(),
        shutdown: shutdown.clone(),
    };
    let mut routed = Routed::default();
    for make in app.services {
        make(&context, &mut routed)?;
    }
    let chain = middleware::chain(&context, chain, built_in, app.middlewares)?;
    let listener = open::listener(&context.loaded, &base.grpc.server.listen).await?;
    drop(context);
    let stop = Stop::new(app.stop).map_err(StartError::Signals)?;
    if app.process {
        stop::guard(&base.grpc.server.shutdown).map_err(StartError::Signals)?;
    }
    let served = listen(&base, listener, chain, routed, shutdown, app.ready, stop).await;
    if let Some(kv) = kv
        && let Err(error) = kv.close().await
    {
        tracing::warn!(%error, "the store did not close cleanly");
    }
    served
}

/// The schema of the root type, with the sections that were joined to it.
fn schema<C: Root>(app: &App<C>) -> Result<Schema, StartError> {
    let mut schema = Schema::of::<C>()?;
    for section in &app.sections {
        schema = (section.schema)(&schema)?;
    }
    for own in &app.middlewares {
        schema = (own.schema)(&schema, own.name)?;
    }
    Ok(schema)
}

fn load<C: Root>(app: &mut App<C>, schema: Schema) -> Result<Loaded, StartError> {
    let mut loader = Loader::new(schema);
    loader = match app.source.take() {
        Some(source) => loader.source(source),
        None if app.files.is_empty() => loader.search().env(std::env::vars_os()),
        None => {
            for file in app.files.drain(..) {
                loader = loader.file(file);
            }
            loader.env(std::env::vars_os())
        }
    };
    for set in app.sets.drain(..) {
        loader = loader.set(set);
    }
    Ok(loader.load()?)
}

/// Writes what was asked for. A reader that has heard enough is no fault.
fn say(text: impl std::fmt::Display) -> Result<(), StartError> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(StartError::Output(error)),
        _ => Ok(()),
    }
}

async fn listen(
    config: &Config,
    (listener, address): (TcpListener, SocketAddr),
    chain: Chain,
    routed: Routed,
    shutdown: Shutdown,
    ready: Option<oneshot::Sender<SocketAddr>>,
    mut stop: Stop,
) -> Result<(), StartError> {
    let server = &config.grpc.server;

    let health = Reporter::serving(&routed.names);
    let mut routes = routed.routes.add_service(health.service(shutdown.clone()));
    if server.reflection {
        routes = carml_grpc::reflection::add(routes, &routed.descriptors);
    }
    let (drain, drained) = oneshot::channel::<()>();
    // However this ends, no connection outlives it.
    let cut = CancellationToken::new();
    let _cut_off = cut.clone().drop_guard();
    let interval = server.keepalive.interval.get();
    let mut serving = AbortOnDropHandle::new(tokio::spawn(
        Server::builder()
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keepalive_interval(Some(interval).filter(|interval| !interval.is_zero()))
            .http2_keepalive_timeout(Some(server.keepalive.timeout.get()))
            .layer(ChainLayer::new(chain.clone()))
            .add_routes(routes)
            .serve_with_incoming_shutdown(connections::incoming(listener, &cut), async {
                let _ = drained.await;
            }),
    ));
    tracing::info!(server.address = %address, chain = %chain, "serving");
    if let Some(ready) = ready {
        let _ = ready.send(address);
    }
    tokio::select! {
        ended = &mut serving => return outcome(ended),
        () = stop.asked() => {}
    }

    tracing::info!("draining");
    health.drain();
    let deadline = server.shutdown.deadline.get();
    tokio::select! {
        () = tokio::time::sleep(server.shutdown.settle.get()) => {}
        () = stop.asked() => return Err(StartError::CutShort),
    }
    shutdown.begin();
    let _ = drain.send(());
    tokio::select! {
        ended = &mut serving => outcome(ended),
        () = tokio::time::sleep(deadline) => Err(StartError::Deadline(deadline)),
        () = stop.asked() => Err(StartError::CutShort),
    }
}

/// A server that panicked did not end cleanly.
fn outcome(
    ended: Result<Result<(), tonic::transport::Error>, tokio::task::JoinError>,
) -> Result<(), StartError> {
    match ended {
        Ok(served) => served.map_err(StartError::from),
        Err(panicked) => Err(StartError::Service(panicked.into())),
    }
}
