//! From the first line of the config to the last call.

use std::future::pending;

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{server::NamedService, service::Routes, transport::Server};

use super::{App, Context, Shutdown, StartError, middleware, requirements};
use crate::{
    __private::Service,
    config::{Config, Loaded, Loader, Root, Schema},
    grpc::{
        Described,
        chain::{Chain, ChainLayer},
    },
    health::Reporter,
    kv::Kv,
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
    let schema = schema(&app)?;
    if app.print_schema {
        println!("{:#}", schema.bundled());
        return Ok(());
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
        println!("the config is valid; the chain is {chain}");
        return Ok(());
    }
    logger::init(&base);
    for warning in chain.warnings() {
        tracing::warn!("{warning}");
    }
    let kv = open_store(&base, !app.requires.is_empty()).await?;
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
    drop(context);
    let served = listen(&base, chain, routed, shutdown, app.ready, app.stop).await;
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
        None if app.files.is_empty() => loader.search().env(std::env::vars()),
        None => {
            for file in app.files.drain(..) {
                loader = loader.file(file);
            }
            loader.env(std::env::vars())
        }
    };
    for set in app.sets.drain(..) {
        loader = loader.set(set);
    }
    Ok(loader.load()?)
}

async fn open_store(config: &Config, required: bool) -> Result<Option<Kv>, StartError> {
    match &config.registry {
        Some(registry) => Ok(Some(Kv::open(registry).await?)),
        None if required => Ok(Some(Kv::open(&Default::default()).await?)),
        None => Ok(None),
    }
}

async fn listen(
    config: &Config,
    chain: Chain,
    routed: Routed,
    shutdown: Shutdown,
    ready: Option<oneshot::Sender<std::net::SocketAddr>>,
    stop: Option<oneshot::Receiver<()>>,
) -> Result<(), StartError> {
    let server = &config.grpc.server;
    let bind = |source| StartError::Bind {
        address: server.listen.clone(),
        source,
    };
    let listener = TcpListener::bind(&server.listen).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let mut stop = Stop::new(stop).map_err(bind)?;

    let health = Reporter::serving(&routed.names);
    let mut routes = routed.routes.add_service(health.service(shutdown.clone()));
    if server.reflection {
        routes = crate::grpc::reflection::add(routes, &routed.descriptors);
    }
    let (drain, drained) = oneshot::channel::<()>();
    let interval = server.keepalive.interval.get();
    let serving = tokio::spawn(
        Server::builder()
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keepalive_interval(Some(interval).filter(|interval| !interval.is_zero()))
            .http2_keepalive_timeout(Some(server.keepalive.timeout.get()))
            .layer(ChainLayer::new(chain.clone()))
            .add_routes(routes)
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
                let _ = drained.await;
            }),
    );
    tracing::info!(server.address = %address, chain = %chain, "serving");
    if let Some(ready) = ready {
        let _ = ready.send(address);
    }
    let aborting = serving.abort_handle();
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return outcome(ended),
        () = stop.asked() => {}
    }

    tracing::info!("draining");
    health.drain();
    let deadline = server.shutdown.deadline.get();
    tokio::select! {
        () = tokio::time::sleep(server.shutdown.settle.get()) => {}
        () = stop.asked() => {
            aborting.abort();
            return Err(StartError::CutShort);
        }
    }
    shutdown.begin();
    let _ = drain.send(());
    tokio::select! {
        ended = &mut serving => outcome(ended),
        () = tokio::time::sleep(deadline) => {
            aborting.abort();
            Err(StartError::Deadline(deadline))
        }
        () = stop.asked() => {
            aborting.abort();
            Err(StartError::CutShort)
        }
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

/// SIGTERM, SIGINT, and the embedder's own wish.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    wish: Option<oneshot::Receiver<()>>,
}

impl Stop {
    fn new(wish: Option<oneshot::Receiver<()>>) -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            wish,
        })
    }

    /// Each call waits for one more: the second one ends at once.
    async fn asked(&mut self) {
        let wish = async {
            match &mut self.wish {
                Some(wish) => {
                    let _ = wish.await;
                }
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = wish => self.wish = None,
        }
    }
}
