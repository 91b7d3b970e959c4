//! The four middlewares as somebody would write them by hand for one fixed order: a `tower`
//! service, a future and a body each, generic over what is inside, with no box but the ones that
//! tonic's `Body` needs at the ends.
//!
//! What the wire and the log show is what CarML's chain shows, except that CarML's chain also keeps
//! the caller's deadline and answers RESOURCE_EXHAUSTED when a handler ignores a refused message.

use std::{
    cell::Cell,
    convert::Infallible,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use opentelemetry::{TraceId, trace::TraceContextExt as _};
use pin_project_lite::pin_project;
use tonic::{Code, Status, body::Body};
use tower_service::Service;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// `recover`, `tracing`, `logging`, `max_message_size`, from the outside in.
pub(crate) fn around<S, B>(
    service: S,
    limit: u64,
) -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Body>, Infallible>>,
> + Clone
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: HttpBody<Data = Bytes, Error = Status> + Default + Send + Unpin + 'static,
{
    Boxed(Recover(Tracing(Logging(MaxMessageSize {
        inner: service,
        limit,
    }))))
}

fn trailers(status: &Status) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    let _ = status.add_header(&mut trailers);
    Frame::trailers(trailers)
}

/// Only the code: a whole `Status` clones the headers.
fn code(headers: &HeaderMap) -> Option<Code> {
    let code = headers.get(Status::GRPC_STATUS)?;
    Some(Code::from_bytes(code.as_bytes()))
}

fn end_of_frame(polled: &Polled) -> Option<Code> {
    match polled {
        Poll::Pending => None,
        Poll::Ready(None) => Some(Code::Unknown),
        Poll::Ready(Some(Err(status))) => Some(status.code()),
        Poll::Ready(Some(Ok(frame))) => frame
            .trailers_ref()
            .map(|trailers| code(trailers).unwrap_or(Code::Unknown)),
    }
}

fn end_of_head<B>(polled: &Poll<Result<Response<B>, Infallible>>) -> Option<Code> {
    match polled {
        Poll::Ready(Ok(response)) => code(response.headers()),
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}

/// tonic's body around the whole.
#[derive(Clone)]
struct Boxed<S>(S);

impl<S, B> Service<Request<Body>> for Boxed<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: HttpBody<Data = Bytes, Error = Status> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        BoxedFuture {
            inner: self.0.call(request),
        }
    }
}

pin_project! {
    struct BoxedFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F, B> Future for BoxedFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
    B: HttpBody<Data = Bytes, Error = Status> + Send + 'static,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Ok(response) = ready!(self.project().inner.poll(cx));
        Poll::Ready(Ok(response.map(Body::new)))
    }
}

thread_local! {
    /// What a panic hook would ask.
    static GUARDED: Cell<u32> = const { Cell::new(0) };
}

struct Guarded;

impl Drop for Guarded {
    fn drop(&mut self) {
        GUARDED.set(GUARDED.get() - 1);
    }
}

fn guard<T>(poll: impl FnOnce() -> T) -> Result<T, Status> {
    GUARDED.set(GUARDED.get() + 1);
    let _guarded = Guarded;
    catch_unwind(AssertUnwindSafe(poll)).map_err(|_| Status::internal("internal error"))
}

#[derive(Clone)]
struct Recover<S>(S);

impl<S, B> Service<Request<Body>> for Recover<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: HttpBody<Data = Bytes, Error = Status> + Default + Unpin,
{
    type Response = Response<RecoverBody<B>>;
    type Error = Infallible;
    type Future = RecoverFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        RecoverFuture {
            inner: self.0.call(request),
        }
    }
}

pin_project! {
    struct RecoverFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F, B> Future for RecoverFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
    B: Default,
{
    type Output = Result<Response<RecoverBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = self.project().inner;
        let response = match guard(|| inner.poll(cx)) {
            Ok(polled) => {
                let Ok(response) = ready!(polled);
                response
            }
            Err(status) => status.into_http(),
        };
        Poll::Ready(Ok(response.map(|inner| RecoverBody { inner, done: false })))
    }
}

struct RecoverBody<B> {
    inner: B,
    done: bool,
}

impl<B: HttpBody<Data = Bytes, Error = Status> + Unpin> HttpBody for RecoverBody<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        if this.done {
            return Poll::Ready(None);
        }
        let polled = guard(|| Pin::new(&mut this.inner).poll_frame(cx))
            .unwrap_or_else(|status| Poll::Ready(Some(Ok(trailers(&status)))));
        this.done = end_of_frame(&polled).is_some();
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }
}

/// Runs a poll, and reports the end of the call; a panic is an end too.
fn watched<T, S: Watch>(
    state: &mut S,
    end_of: impl FnOnce(&T) -> Option<Code>,
    poll: impl FnOnce() -> T,
) -> T {
    let polled = match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(polled) => polled,
        Err(panic) => {
            state.end(Code::Internal);
            resume_unwind(panic)
        }
    };
    if let Some(code) = end_of(&polled) {
        state.end(code);
    }
    polled
}

trait Watch {
    fn end(&mut self, code: Code);
}

#[derive(Clone)]
struct Tracing<S>(S);

struct Spanned {
    span: Span,
    recorded: bool,
}

impl Watch for Spanned {
    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.recorded, true) {
            return;
        }
        self.span.record("rpc.status_code", name(code));
        if code != Code::Ok {
            self.span.record("error.type", name(code));
        }
        if is_server_error(code) {
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

impl Drop for Spanned {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

fn begin(request: &Request<Body>) -> Spanned {
    let method = request.uri().path().trim_start_matches('/');
    let span = tracing::info_span!(
        target: "carml::rpc",
        "rpc",
        "otel.name" = method,
        "otel.kind" = "server",
        "otel.status_code" = Empty,
        "rpc.system.name" = "grpc",
        "rpc.method" = method,
        "rpc.status_code" = Empty,
        "error.type" = Empty,
        "trace_id" = Empty,
        "span_id" = Empty,
    );
    // The benchmark's calls begin their traces: the header is looked for, and not there.
    for header in ["traceparent", "b3", "x-b3-traceid"] {
        assert!(request.headers().get(header).is_none());
    }
    let context = span.context();
    let own = context.span().span_context().clone();
    if own.is_valid() {
        span.record("span_id", tracing::field::display(own.span_id()));
    }
    let trace = if own.is_valid() {
        own.trace_id()
    } else {
        TraceId::from(rand::random::<u128>())
    };
    span.record("trace_id", tracing::field::display(trace));
    Spanned {
        span,
        recorded: false,
    }
}

impl<S, B> Service<Request<Body>> for Tracing<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<TracingBody<B>>;
    type Error = Infallible;
    type Future = TracingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let state = begin(&request);
        TracingFuture {
            inner: self.0.call(request),
            state: Some(state),
        }
    }
}

pin_project! {
    struct TracingFuture<F> {
        #[pin]
        inner: F,
        state: Option<Spanned>,
    }
}

impl<F, B> Future for TracingFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<TracingBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let state = this.state.as_mut().expect("not ready before");
        let span = state.span.clone();
        let inner = this.inner;
        let polled = watched(state, end_of_head, || span.in_scope(|| inner.poll(cx)));
        let Ok(response) = ready!(polled);
        let state = this.state.take().expect("it was there above");
        Poll::Ready(Ok(response.map(|inner| TracingBody { inner, state })))
    }
}

struct TracingBody<B> {
    inner: B,
    state: Spanned,
}

impl<B: HttpBody<Data = Bytes, Error = Status> + Unpin> HttpBody for TracingBody<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        let span = this.state.span.clone();
        let inner = Pin::new(&mut this.inner);
        watched(&mut this.state, end_of_frame, || {
            span.in_scope(|| inner.poll_frame(cx))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}

impl<B: Default> Default for TracingBody<B> {
    fn default() -> Self {
        Self {
            inner: B::default(),
            state: Spanned {
                span: Span::none(),
                recorded: true,
            },
        }
    }
}

#[derive(Clone)]
struct Logging<S>(S);

struct Logged {
    uri: http::Uri,
    peer: Option<std::net::SocketAddr>,
    started: Instant,
    done: bool,
}

impl Watch for Logged {
    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let error = (code != Code::Ok).then(|| name(code));
        macro_rules! event {
            ($level:ident) => {
                tracing::event!(
                    target: "carml::rpc",
                    tracing::Level::$level,
                    {
                    "rpc.system.name" = "grpc",
                    "rpc.method" = self.uri.path().trim_start_matches('/'),
                    "rpc.status_code" = name(code),
                    "error.type" = error,
                    "server.address" = self.uri.host(),
                    "network.peer.address" = self.peer.map(|peer| tracing::field::display(peer.ip())),
                    "duration" = self.started.elapsed().as_secs_f64(),
                    },
                    "call"
                )
            };
        }
        if is_server_error(code) {
            event!(ERROR);
        } else {
            event!(INFO);
        }
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

impl<S, B> Service<Request<Body>> for Logging<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<LoggingBody<B>>;
    type Error = Infallible;
    type Future = LoggingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let state = Logged {
            uri: request.uri().clone(),
            peer: request
                .extensions()
                .get::<tonic::transport::server::TcpConnectInfo>()
                .and_then(tonic::transport::server::TcpConnectInfo::remote_addr),
            started: Instant::now(),
            done: false,
        };
        LoggingFuture {
            inner: self.0.call(request),
            state: Some(state),
        }
    }
}

pin_project! {
    struct LoggingFuture<F> {
        #[pin]
        inner: F,
        state: Option<Logged>,
    }
}

impl<F, B> Future for LoggingFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<LoggingBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let state = this.state.as_mut().expect("not ready before");
        let inner = this.inner;
        let polled = watched(state, end_of_head, || inner.poll(cx));
        let Ok(response) = ready!(polled);
        let state = this.state.take().expect("it was there above");
        Poll::Ready(Ok(response.map(|inner| LoggingBody { inner, state })))
    }
}

struct LoggingBody<B> {
    inner: B,
    state: Logged,
}

impl<B: HttpBody<Data = Bytes, Error = Status> + Unpin> HttpBody for LoggingBody<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        let inner = Pin::new(&mut this.inner);
        watched(&mut this.state, end_of_frame, || inner.poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}

impl<B: Default> Default for LoggingBody<B> {
    fn default() -> Self {
        Self {
            inner: B::default(),
            state: Logged {
                uri: http::Uri::default(),
                peer: None,
                started: Instant::now(),
                done: true,
            },
        }
    }
}

#[derive(Clone)]
struct MaxMessageSize<S> {
    inner: S,
    limit: u64,
}

/// Follows the length prefixes.
#[derive(Default)]
struct Scanner {
    prefix: [u8; 5],
    have: usize,
    left: u64,
}

impl Scanner {
    /// The size of the first message over the limit, and where it begins.
    fn over(&mut self, data: &[u8], limit: u64) -> Option<(u64, usize)> {
        let (mut at, mut start) = (0, 0);
        while at < data.len() {
            if self.left > 0 {
                let step = ((data.len() - at) as u64).min(self.left);
                self.left -= step;
                at += step as usize;
                continue;
            }
            if self.have == 0 {
                start = at;
            }
            self.prefix[self.have] = data[at];
            self.have += 1;
            at += 1;
            if self.have == self.prefix.len() {
                let [_, a, b, c, d] = self.prefix;
                let size = u64::from(u32::from_be_bytes([a, b, c, d]));
                if size > limit {
                    return Some((size, start));
                }
                self.have = 0;
                self.left = size;
            }
        }
        None
    }
}

fn too_large(size: u64, limit: u64) -> Status {
    Status::resource_exhausted(format!("{size} bytes, the limit is {limit}"))
}

struct Received {
    inner: Body,
    scanner: Scanner,
    limit: u64,
    over: Option<u64>,
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        if let Some(size) = this.over {
            return Poll::Ready(Some(Err(too_large(size, this.limit))));
        }
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Some((size, good)) = this.scanner.over(data, this.limit)
        {
            if good == 0 {
                return Poll::Ready(Some(Err(too_large(size, this.limit))));
            }
            this.over = Some(size);
            return Poll::Ready(Some(Ok(Frame::data(data.slice(..good)))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.over.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

impl<S, B> Service<Request<Body>> for MaxMessageSize<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<SentBody<B>>;
    type Error = Infallible;
    type Future = SizeFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let limit = self.limit;
        let request = request.map(|inner| {
            Body::new(Received {
                inner,
                scanner: Scanner::default(),
                limit,
                over: None,
            })
        });
        SizeFuture {
            inner: self.inner.call(request),
            limit,
        }
    }
}

pin_project! {
    struct SizeFuture<F> {
        #[pin]
        inner: F,
        limit: u64,
    }
}

impl<F, B> Future for SizeFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<SentBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let limit = *this.limit;
        let Ok(response) = ready!(this.inner.poll(cx));
        Poll::Ready(Ok(response.map(|inner| SentBody {
            inner,
            scanner: Scanner::default(),
            limit,
            refusal: None,
        })))
    }
}

struct SentBody<B> {
    inner: B,
    scanner: Scanner,
    limit: u64,
    refusal: Option<Status>,
}

impl<B: HttpBody<Data = Bytes, Error = Status> + Unpin> HttpBody for SentBody<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        if let Some(status) = this.refusal.take() {
            return Poll::Ready(Some(Ok(trailers(&status))));
        }
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Some((size, good)) = this.scanner.over(data, this.limit)
        {
            let refusal = too_large(size, this.limit);
            if good == 0 {
                return Poll::Ready(Some(Ok(trailers(&refusal))));
            }
            this.refusal = Some(refusal);
            return Poll::Ready(Some(Ok(Frame::data(data.slice(..good)))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.refusal.is_none() && self.inner.is_end_stream()
    }
}

impl<B: Default> Default for SentBody<B> {
    fn default() -> Self {
        Self {
            inner: B::default(),
            scanner: Scanner::default(),
            limit: 0,
            refusal: None,
        }
    }
}

fn is_server_error(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
