//! What generated clients call.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use carml_config::model::ClientTarget;
use carml_discovery::Resolver;
use carml_grpc::{
    CallContext, CalledTarget,
    chain::{self, ChainLayer, ChainService},
    deadline,
};
use http::{Request, Response, Uri, header};
use tokio::time::Instant;
use tonic::body::Body;
use tower_layer::Layer as _;
use tower_service::Service;

use crate::{
    call::Engine,
    chains::Chains,
    connection::Connector,
    counters::Registry,
    error::Error,
    report::TargetReport,
    settings::{Settings, USER_AGENT},
    target::Target,
};

/// A service, as generated clients call it. Cheap to clone; all clones share the connections, which
/// end when the last one is dropped and its calls have ended.
///
/// Its calls take the deadline and the trace of the call that is being handled: see
/// [`CallContext`].
#[derive(Clone)]
pub struct Channel {
    chain: ChainService<Engine>,
    engine: Engine,
}

impl Channel {
    /// A channel without a config: no middleware, and the defaults for the rest. Call it inside a
    /// tokio runtime.
    ///
    /// # Errors
    ///
    /// What is not a target. One of `discovery:///` needs [`Clients`](crate::Clients).
    pub fn to(target: &str) -> Result<Self, Error> {
        let config = ClientTarget {
            target: Some(target.to_owned()),
            ..ClientTarget::default()
        };
        Self::new("", &config, &Chains::of(&[])?, None, None)
    }

    /// A channel with this config, for a name that it has.
    pub(crate) fn new(
        name: &str,
        config: &ClientTarget,
        chains: &Chains,
        resolver: Option<&Resolver>,
        registry: Option<&Registry>,
    ) -> Result<Self, Error> {
        let settings = Settings::new(name, config)?;
        let chain = chains.to(CalledTarget {
            name: match name {
                "" => settings.name.clone(),
                name => name.to_owned(),
            },
            authority: settings.authority.clone(),
            is_private: settings.is_private(),
        })?;
        if let (crate::settings::Source::Discovery(service), None) = (&settings.source, resolver) {
            let service = service.clone();
            return Err(Error::NoRegistry { service });
        }
        let connector = connector(config, &settings)?;
        let target = Target::start(settings, connector, resolver.cloned());
        let counters =
            registry.map(|registry| registry.add(&target.settings.name, &target.instances));
        let engine = Engine::new(target, chain.attempts(), counters);
        Ok(Self {
            chain: ChainLayer::new(chain).layer(engine.clone()),
            engine,
        })
    }

    /// What an operator sees of its instances.
    pub(crate) fn report(&self, name: &str) -> TargetReport {
        let target = self.engine.target();
        TargetReport {
            name: name.to_owned(),
            target: target.settings.name.clone(),
            policy: target.settings.policy.name(),
            waiting: target.instances.waiting(),
            endpoints: target.instances.report(),
        }
    }

    /// Makes a request one of this target, with its deadline.
    fn prepare(&self, request: &mut Request<Body>) {
        let settings = &self.engine.target().settings;
        let mut uri = std::mem::take(request.uri_mut()).into_parts();
        uri.scheme = Some(settings.scheme.clone());
        uri.authority = Some(settings.authority.clone());
        // It has a scheme and an authority; without a path it would fail.
        uri.path_and_query
            .get_or_insert_with(|| http::uri::PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
        let headers = request.headers();
        let now = Instant::now();
        let own = deadline::timeout(headers).ok().flatten();
        let configured = settings.methods.of_path(request.uri().path()).timeout;
        let after = |timeout: std::time::Duration| now.checked_add(timeout);
        let ends = [
            own.and_then(after),
            configured.and_then(after),
            CallContext::current().deadline(),
        ];
        if let Some(at) = ends.into_iter().flatten().min() {
            let left = deadline::header(at.saturating_duration_since(now));
            request.headers_mut().insert(deadline::HEADER, left);
        }
        let headers = request.headers_mut();
        headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
    }
}

#[cfg(feature = "tls")]
fn connector(config: &ClientTarget, settings: &Settings) -> Result<Connector, Error> {
    use std::sync::Arc;

    use crate::{connection::Tls, settings::Source};

    let tls = match &config.tls {
        Some(tls) => Some(Arc::new(Tls {
            certificates: carml_tls::Client::open(tls).map_err(Error::Certificates)?,
            server_name: tls.server_name.clone().or_else(|| match &settings.source {
                Source::Dns(name) => Some(crate::connection::host(name).to_owned()),
                _ => None,
            }),
        })),
        None => None,
    };
    Ok(Connector {
        host: settings.host.clone(),
        tls,
    })
}

#[cfg(not(feature = "tls"))]
fn connector(config: &ClientTarget, settings: &Settings) -> Result<Connector, Error> {
    match config.tls {
        Some(_) => Err(Error::TlsNotBuilt),
        None => Ok(Connector {
            host: settings.host.clone(),
        }),
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel")
            .field(&self.engine.target().settings.name)
            .finish()
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ChannelFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.chain.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> ChannelFuture {
        self.prepare(&mut request);
        ChannelFuture(self.chain.call(request))
    }
}

/// The future of a call, until the head of its answer.
pub struct ChannelFuture(chain::CallFuture<<Engine as Service<Request<Body>>>::Future>);

impl fmt::Debug for ChannelFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelFuture").finish_non_exhaustive()
    }
}

impl Future for ChannelFuture {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}
