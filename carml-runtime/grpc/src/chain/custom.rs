//! Custom middlewares: `tower` layers, anywhere in the order.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use tonic::body::Body;
use tower::{ServiceExt as _, util::BoxCloneSyncService};
use tower_layer::Layer;
use tower_service::Service;

use crate::status;

type BoxError = Box<dyn Error + Send + Sync>;

pub(super) type BoxFuture =
    Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// What is inside a custom middleware: the rest of the chain, and the services.
///
/// It takes any body, and answers with tonic's. It never fails: errors are statuses by then.
#[derive(Clone, Debug)]
pub struct Next(BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>);

impl Next {
    pub(super) fn new<S>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        Self(BoxCloneSyncService::new(service))
    }
}

impl<B> Service<Request<B>> for Next
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let next = self.0.clone();
        let ready = std::mem::replace(&mut self.0, next);
        // Nothing is called before the first poll: a panic then is inside `recover`, an event in
        // the span.
        Box::pin(ready.oneshot(request.map(Body::new)))
    }
}

/// A `tower` layer with the name that a [`Chain`](super::Chain) lists it by.
#[derive(Clone)]
pub struct CustomLayer {
    name: &'static str,
    wrap: Arc<dyn Fn(Next) -> Next + Send + Sync>,
}

impl fmt::Debug for CustomLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CustomLayer").field(&self.name).finish()
    }
}

impl CustomLayer {
    /// A layer by its name in the list.
    ///
    /// A service of it that fails ends the call: with the error's own status if it has one, with
    /// INTERNAL and a general text if it has none.
    ///
    /// # Examples
    ///
    /// ```
    /// use carml_config::model::ServerMiddleware;
    /// use carml_grpc::{Place, chain::{Chain, CustomLayer, Item}};
    /// use tonic::{Request, Status, service::InterceptorLayer};
    ///
    /// let guard = InterceptorLayer::new(|request: Request<()>| {
    ///     match request.metadata().get("authorization") {
    ///         Some(_) => Ok(request),
    ///         None => Err(Status::unauthenticated("no credentials")),
    ///     }
    /// });
    /// let list = vec![
    ///     Item::BuiltIn(ServerMiddleware::Logging(Default::default())),
    ///     Item::Custom(CustomLayer::new("guard", guard)),
    /// ];
    /// let chain = Chain::compile_items(list, &Place::default())?;
    /// assert_eq!(
    ///     chain.to_string(),
    ///     "logging > guard > max_message_size(receive 4mib) > services"
    /// );
    /// # Ok::<(), carml_config::chain::Problems>(())
    /// ```
    pub fn new<L, B>(name: &'static str, layer: L) -> Self
    where
        L: Layer<Next> + Send + Sync + 'static,
        L::Service: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request<Body>>>::Error: Into<BoxError>,
        <L::Service as Service<Request<Body>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let wrap = move |next: Next| {
            let service = layer.layer(next);
            Next::new(tower::service_fn(move |request: Request<Body>| {
                let service = service.clone();
                async move {
                    Ok(match service.oneshot(request).await {
                        Ok(response) => response.map(Body::new),
                        Err(error) => status::of_layer(error.into()).into_http(),
                    })
                }
            }))
        };
        Self {
            name,
            wrap: Arc::new(wrap),
        }
    }

    /// Its name in the list.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The layer around what is inside it.
    pub(super) fn wrap(&self, next: Next) -> Next {
        (self.wrap)(next)
    }
}
