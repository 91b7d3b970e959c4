//! From the first line of the config to the last call.

use std::{
    io::{ErrorKind, Write as _},
    marker::PhantomData,
    sync::Arc,
};

use carml_grpc::{Methods, Place, health::Reporter};
use carml_telemetry::metrics::Metrics;
use futures_util::future;
use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{Instant, sleep, timeout_at},
};
use tower_layer::Layer as _;

use super::{
    App, AppError, ConfigReload, Context, Mode, args,
    checks::{Checked, Checks},
    clients::{self, Called},
    context::{StoreState, Stores},
    middleware, open,
    registration::Registration,
    services::{self, Failures, ServiceFactory, Services},
    stop::{self, Stop},
};
use crate::{
    Shutdown, ShutdownTrigger,
    admin::{Admin, Expiry, Facts, Readiness},
    client::Clients,
    config::{Config, Loader, Reload, Root, Schema},
    discovery::Directory,
    grpc::{
        chain::{Chain, ChainLayer},
        server::{self, Address, Listener, Running, Server},
    },
    kv::Opened,
    measure,
    probe::Probes,
    remote::{self, RemoteConfigs},
};

pub(super) async fn serve<C: Root + Send + Sync + 'static>(
    mut app: App<C>,
) -> Result<(), AppError> {
    let mode = std::mem::replace(&mut app.mode, Ok(Mode::Serve))?;
    if let Mode::Usage = mode {
        return print(args::USAGE);
    }
    let schema = app.checks.schema::<C>()?;
    if let Mode::PrintSchema = mode {
        return print(format_args!("{:#}", schema.bundled()));
    }
    let (loader, remotes) = loader(&mut app, schema).await?;
    let loaded = loader.load()?;
    let checked = app.checks.check(&loaded)?;
    let reload = {
        let checks = app.checks.clone();
        let check = move |loaded: &_| checks.check::<C>(loaded).map(drop);
        Reload::with_check(loader, loaded, check)
    };
    match mode {
        Mode::Check => check(app, checked, reload, remotes),
        _ => run(app, checked, reload, remotes).await,
    }
}

async fn loader<C: Root>(
    app: &mut App<C>,
    schema: Schema,
) -> Result<(Loader, RemoteConfigs), AppError> {
    let mut loader = Loader::new(schema);
    let mut names = std::mem::take(&mut app.files);
    loader = match app.source.take() {
        Some(source) => {
            names.clear();
            loader.source(source)
        }
        None => {
            if names.is_empty() {
                match remote::from_environment() {
                    Some(name) => names.push(name),
                    None => loader = loader.search(),
                }
            }
            loader.env(std::env::vars_os())
        }
    };
    for set in app.sets.drain(..) {
        loader = loader.set(set);
    }
    for (service, requirement) in &app.checks.requires {
        loader = loader.require_for(service, *requirement);
    }
    Ok(RemoteConfigs::add(names, loader).await?)
}

fn context<C: Root>(
    checks: &Checks,
    config: C,
    reload: Reload,
    remotes: RemoteConfigs,
    stores: Stores,
    shutdown: Shutdown,
    is_check: bool,
) -> Context<C> {
    Context {
        config,
        loaded: reload.current(),
        reload: ConfigReload {
            reload: Arc::new(reload),
            remotes,
            sections: checks.sections.iter().map(|section| section.name).collect(),
            shutdown: shutdown.clone(),
            config: PhantomData,
        },
        stores,
        clients: std::sync::OnceLock::new(),
        called: Called::default(),
        shutdown,
        is_check,
        #[cfg(feature = "download")]
        downloads: std::sync::OnceLock::new(),
    }
}

/// What the middlewares know of the service.
fn place<C>(config: &Config, services: &[ServiceFactory<C>], metrics: Metrics) -> Place {
    let of_reflection = match config.grpc.server.reflection {
        true => carml_grpc::reflection::DESCRIPTORS,
        false => &[],
    };
    let services = services
        .iter()
        .map(|service| (service.descriptors, service.name));
    let methods = Methods::of_services(of_reflection.iter().copied(), services);
    Place::new(methods, metrics)
}

/// Makes everything that does not need the store, and drops it.
fn check<C: Root + Send + Sync + 'static>(
    mut app: App<C>,
    checked: Checked<C>,
    reload: Reload,
    remotes: RemoteConfigs,
) -> Result<(), AppError> {
    let has_store = checked.base.registry.is_some() || app.checks.require_kv();
    let stores = Stores {
        kv: match has_store {
            true => StoreState::NotOpen,
            false => StoreState::NotConfigured,
        },
        #[cfg(feature = "store")]
        objects: match checked.base.store.is_some() || app.checks.require_objects() {
            true => StoreState::NotOpen,
            false => StoreState::NotConfigured,
        },
        metrics: Metrics::default(),
    };
    let shutdown = Shutdown::default();
    let context = context(
        &app.checks,
        checked.config,
        reload,
        remotes,
        stores,
        shutdown,
        true,
    );
    let mut failures = Failures::default();
    let place = place(&checked.base, &app.services, Metrics::default()).check();
    let registered = &mut app.middlewares;
    let base = &checked.base;
    let client_plan = checked.client_plan;
    let clients = clients::make(
        &context,
        base,
        client_plan,
        registered,
        &place.metrics,
        &mut failures,
    );
    let _ = context.clients.set(clients);
    services::create(&context, app.services, &mut failures);
    if let Err(error) = context.called.check(&context.loaded, base) {
        failures.errors.push(error);
    }
    let plan = &checked.plan;
    let summary = format!("the config is valid; the chain is {plan} > services");
    let layers = middleware::layers(&context, plan, registered, &mut failures);
    if failures.errors.is_empty()
        && failures.not_checked.is_empty()
        && let Err(error) = middleware::chain(&context.loaded, plan.clone(), &layers, &place)
    {
        failures.errors.push(error);
    }
    if let Err(error) = open::server(&context.loaded, &checked.base) {
        failures.errors.push(error);
    }
    AppError::join(failures.errors)?;
    print(summary)?;
    for what in failures.not_checked {
        print(format_args!(
            "not checked, because it needs a store or downloads, which a check does not open: {what}"
        ))?;
    }
    Ok(())
}

async fn run<C: Root + Send + Sync + 'static>(
    mut app: App<C>,
    checked: Checked<C>,
    reload: Reload,
    remotes: RemoteConfigs,
) -> Result<(), AppError> {
    let Checked {
        base,
        config,
        plan,
        client_plan,
    } = checked;
    carml_telemetry::init(&base).map_err(AppError::new)?;
    let server = open::server(&reload.current(), &base)?;
    for warning in reload.current().warnings().findings() {
        let file = warning.file.as_deref().unwrap_or("config");
        match warning.start {
            Some(at) => tracing::warn!("{file}:{}:{}: {}", at.line, at.column, warning.message),
            None => tracing::warn!("{}", warning.message),
        }
    }
    let metrics = Metrics::default();
    let opened = open::store(&reload.current(), &base, app.checks.require_kv()).await?;
    let opened = opened.map(|opened| Opened {
        kv: measure::kv(opened.kv.clone(), &metrics),
        ..opened
    });
    let directory = opened.as_ref().map(|opened| Arc::clone(&opened.directory));
    let kv = opened.as_ref().map(|opened| opened.kv.clone());
    if let Some(opened) = &opened {
        remotes.follow(opened);
    }
    let stores = Stores {
        kv: opened.map_or(StoreState::NotConfigured, StoreState::Open),
        #[cfg(feature = "store")]
        objects: open::objects(&reload.current(), &base, app.checks.require_objects())
            .await?
            .map(|store| measure::store(store, &metrics)),
        metrics: metrics.clone(),
    };
    let drain = ShutdownTrigger::default();
    let shutdown = drain.shutdown();
    let context = context(
        &app.checks,
        config,
        reload,
        remotes,
        stores,
        shutdown,
        false,
    );
    let mut failures = Failures::default();
    let place = place(&base, &app.services, metrics);
    let registered = &mut app.middlewares;
    let clients = clients::make(
        &context,
        &base,
        client_plan,
        registered,
        &place.metrics,
        &mut failures,
    );
    let _ = context.clients.set(clients.clone());
    let services = services::create(&context, app.services, &mut failures);
    if let Err(error) = context.called.check(&context.loaded, &base) {
        failures.errors.push(error);
    }
    let layers = middleware::layers(&context, &plan, registered, &mut failures);
    AppError::join(failures.errors)?;
    let chain = middleware::chain(&context.loaded, plan, &layers, &place)?;
    let listener = open::listener(&context.loaded, &base.grpc.server.listen).await?;
    let admin = open::admin(&context.loaded, &base).await?;
    let admin = admin.map(|listener| (listener, Arc::clone(&context.reload.reload)));
    drop(context);
    let stop = Stop::new(app.stop).map_err(AppError::Signals)?;
    if app.owns_process {
        server::raise_open_files_limit();
        stop::spawn_watchdog(&base.grpc.server.shutdown).map_err(AppError::Signals)?;
    }
    let control = Control {
        place,
        clients,
        admin,
        ready: app.ready,
        stop,
        drain,
    };
    let served = listen(&base, server, listener, chain, services, directory, control).await;
    if let Some(kv) = kv
        && let Err(error) = kv.close().await
    {
        tracing::warn!(%error, "the store did not close cleanly");
    }
    served
}

/// Writes what was asked for. A closed pipe is not an error.
fn print(text: impl std::fmt::Display) -> Result<(), AppError> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(AppError::Output(error)),
        _ => Ok(()),
    }
}

/// What tells others of the start, of the service, and of its end; and what ends it.
struct Control {
    place: Place,
    clients: Clients,
    admin: Option<(TcpListener, Arc<Reload>)>,
    ready: Option<oneshot::Sender<Address>>,
    stop: Stop,
    drain: ShutdownTrigger,
}

/// When the certificate of the server ends, if it has one.
fn expiry(running: &Running) -> Option<Expiry> {
    #[cfg(feature = "tls")]
    if let Some(certificates) = running.certificates() {
        return Some(Arc::new(move || certificates.valid_until()));
    }
    let _ = running;
    None
}

async fn listen(
    config: &Config,
    server: Server,
    (listener, address): (Listener, Address),
    chain: Chain,
    services: Services,
    directory: Option<Arc<dyn Directory>>,
    control: Control,
) -> Result<(), AppError> {
    let settings = &config.grpc.server;
    let Control {
        place,
        clients,
        admin,
        ready,
        mut stop,
        drain: handlers,
    } = control;

    let health = Reporter::serving(&services.names);
    let mut routes = services
        .routes
        .add_service(health.service(handlers.shutdown()));
    if settings.reflection {
        routes = carml_grpc::reflection::add(routes, &services.descriptors);
    }
    let running = server
        .methods(place.methods.clone())
        .start(listener, ChainLayer::new(chain.clone()).layer(routes));
    tracing::info!(server.address = %address, chain = %chain, "serving");
    if let Some(ready) = ready {
        let _ = ready.send(address.clone());
    }
    let registration = Registration::start(config, directory, &services.names, &address, &health);
    let probes = Probes::start(&config.health, &health);
    let readiness = Readiness::serving(probes.as_ref().map(Probes::endpoints));
    let _admin = admin.map(|(listener, reload)| {
        let facts = Facts {
            name: carml_telemetry::app_name(&config.app),
            version: config.app.version.clone(),
            address: address.to_string(),
            started: std::time::Instant::now(),
            reload,
            plan: chain.plan().clone(),
            services: services.names.clone(),
            calls: place.calls(),
            metrics: place.metrics.clone(),
            clients: clients.clone(),
            readiness: readiness.clone(),
            registration: registration.as_ref().map(Registration::state),
            expiry: expiry(&running),
            token: config.admin.token.clone(),
        };
        Admin::start(listener, facts)
    });
    let deregister = async {
        if let Some(registration) = registration {
            registration.end().await;
        }
    };
    stop.asked().await;

    tracing::info!("draining");
    health.drain();
    readiness.drain();
    drop(probes);
    let shutdown = &settings.shutdown;
    let (settle, deadline) = (shutdown.settle.get(), shutdown.deadline.get());
    let end = Instant::now() + settle + deadline;
    let drained = async {
        future::join(sleep(settle), deregister).await;
        handlers.begin();
        running.drain();
        let ended = timeout_at(end, running.ended()).await;
        ended.map_err(|_| AppError::Deadline(deadline))
    };
    let drained = tokio::select! {
        drained = drained => drained,
        () = stop.asked() => Err(AppError::ForcedShutdown),
    };
    running.cut().await;
    drained
}
