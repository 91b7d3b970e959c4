//! One connection, from its handshake to its end.

use std::{
    convert::Infallible,
    fmt,
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use h2::{Reason, RecvStream, server::SendResponse};
use http::{Extensions, Request, Response, request::Parts};
use tokio::time::{sleep, timeout};
use tonic::{body::Body, transport::server::TcpConnectInfo};
use tower_service::Service;

use super::{
    Shared,
    budget::{Allowance, Share},
    call::{self, Incoming},
    calls::Calls,
    clock::{Clock, Due, IDLE_GRACE},
    io::{Counted, Io, ReadCount},
    protocol,
    receive::{Receiver, RequestBody},
};
use crate::{methods::Requests, status};

/// How long a connection that is closed before its end may take to say so to its client, and its
/// calls to end.
pub(super) const CLOSE: Duration = Duration::from_millis(200);

type Http2 = h2::server::Connection<Counted<Io>, Bytes>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Serves a connection. The client may be anything: each step has its own bound.
pub(super) async fn serve<S>(io: Io, peer: Peer, shared: Arc<Shared>, service: S)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    let Some((mut http2, peer, reads)) = handshaken(&shared, handshake(&shared, io, peer)).await
    else {
        return;
    };
    let calls = Calls::new(2 * shared.settings.max_concurrent_streams as usize);
    if shared.settings.max_idle.is_some() {
        calls.watch();
    }
    let mut connection = Connection {
        peer,
        clock: Clock::new(&shared.settings, http2.ping_pong(), reads),
        service,
        calls,
        allowance: shared.budget.allowance(),
        is_going_away: false,
        shared,
    };
    if let Some(reason) = connection.accept_calls(&mut http2).await {
        tracing::debug!(peer = %connection.peer, reason, "a connection is closed");
        http2.abrupt_shutdown(Reason::NO_ERROR);
        let _ = timeout(CLOSE, poll_fn(|cx| http2.poll_closed(cx))).await;
    }
    // The calls that are left end with it, and say so in the log.
    drop(http2);
    let _ = timeout(CLOSE, connection.calls.none()).await;
}

/// All that comes before the first call.
async fn handshake(
    shared: &Shared,
    io: Io,
    peer: Peer,
) -> Result<(Http2, Peer, ReadCount), BoxError> {
    #[cfg(feature = "tls")]
    let (io, peer) = match &shared.tls {
        Some(tls) => super::tls::handshake(tls, io, peer).await?,
        None => (io, peer),
    };
    let io = Counted::new(io);
    let reads = io.count();
    let http2 = shared.settings.http2().handshake(io).await?;
    Ok((http2, peer, reads))
}

/// Waits for the handshake, for as long as it may take. One that has begun when the server drains
/// gets a second.
async fn handshaken<T>(
    shared: &Shared,
    handshake: impl Future<Output = Result<T, BoxError>>,
) -> Option<T> {
    let drained = async {
        shared.drain.cancelled().await;
        sleep(IDLE_GRACE).await;
    };
    let result = tokio::select! {
        result = timeout(shared.settings.handshake_timeout, handshake) => result,
        () = drained => return None,
        () = shared.cut.cancelled() => return None,
    };
    match result {
        Ok(Ok(done)) => Some(done),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a connection failed in its handshake");
            None
        }
        Err(_) => {
            tracing::debug!("a connection did not complete its handshake in time");
            None
        }
    }
}

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    tcp: Option<TcpConnectInfo>,
    #[cfg(feature = "tls")]
    pub(super) certificate: Option<Arc<carml_tls::ClientCertificate>>,
}

impl Peer {
    pub(super) fn tcp(local: Option<SocketAddr>, remote: SocketAddr) -> Self {
        let mut peer = Self::local();
        peer.tcp = Some(TcpConnectInfo {
            local_addr: local,
            remote_addr: Some(remote),
        });
        peer
    }

    /// A process of this machine.
    pub(super) fn local() -> Self {
        Self {
            tcp: None,
            #[cfg(feature = "tls")]
            certificate: None,
        }
    }

    /// Adds to a request what its handler may ask for.
    fn describe(&self, extensions: &mut Extensions) {
        if let Some(tcp) = &self.tcp {
            extensions.insert(tcp.clone());
        }
        #[cfg(feature = "tls")]
        if let Some(certificate) = &self.certificate {
            extensions.insert(Arc::clone(certificate));
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tcp.as_ref().and_then(TcpConnectInfo::remote_addr) {
            Some(address) => address.fmt(f),
            None => f.write_str("a local process"),
        }
    }
}

struct Connection<S> {
    peer: Peer,
    clock: Clock,
    service: S,
    calls: Arc<Calls>,
    allowance: Arc<Allowance>,
    is_going_away: bool,
    shared: Arc<Shared>,
}

/// What happens on a connection.
#[allow(
    clippy::large_enum_variant,
    reason = "it is taken apart at once, and a box would be an allocation per call"
)]
enum Event {
    Call(Request<RecvStream>, SendResponse<Bytes>),
    GoAway,
    Close(&'static str),
    Ended,
}

impl<S> Connection<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    /// Accepts calls until the connection has ended, or is to be closed for this reason.
    async fn accept_calls(&mut self, http2: &mut Http2) -> Option<&'static str> {
        let (drain, cut) = (self.shared.drain.clone(), self.shared.cut.clone());
        let mut drained = pin!(drain.cancelled());
        let mut is_cut = pin!(cut.cancelled());
        loop {
            let event = poll_fn(|cx| {
                if is_cut.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Event::Close("the server ends"));
                }
                if !self.is_going_away && drained.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Event::GoAway);
                }
                self.poll_event(http2, cx)
            });
            match event.await {
                Event::Call(request, respond) => {
                    let Ok(()) = poll_fn(|cx| self.service.poll_ready(cx)).await;
                    self.call(request, respond);
                }
                Event::GoAway => self.go_away(http2),
                Event::Close(reason) => return Some(reason),
                Event::Ended => return None,
            }
        }
    }

    fn poll_event(&mut self, http2: &mut Http2, cx: &mut Context<'_>) -> Poll<Event> {
        let has_room = self.calls.poll_room(cx);
        let has_calls = self.calls.any();
        self.clock.calls(has_calls);
        if self.is_going_away {
            self.clock.emptied(has_calls);
        }
        if let Poll::Ready(due) = self.clock.poll(cx) {
            return Poll::Ready(match due {
                Due::GoAway => Event::GoAway,
                Due::Close(reason) => Event::Close(reason),
            });
        }
        if !has_room {
            return http2.poll_closed(cx).map(|_| Event::Ended);
        }
        http2.poll_accept(cx).map(|accepted| match accepted {
            Some(Ok((request, respond))) => Event::Call(request, respond),
            Some(Err(error)) => {
                tracing::debug!(peer = %self.peer, %error, "a connection broke");
                Event::Ended
            }
            None => Event::Ended,
        })
    }

    fn go_away(&mut self, http2: &mut Http2) {
        self.is_going_away = true;
        self.calls.watch();
        self.clock.gone_away();
        http2.graceful_shutdown();
    }

    fn call(&mut self, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let (mut head, stream) = request.into_parts();
        let share = match self.admit(&head) {
            Ok(share) => share,
            Err(refusal) => {
                // The client may be gone.
                let _ = respond.send_response(refusal, true);
                return;
            }
        };
        let methods = &self.shared.methods;
        let method = methods.index(head.uri.path());
        let requests = method.map_or(Requests::Any, |index| methods.all()[index].requests);
        let receiver = Receiver::new(stream, share, requests);
        head.extensions.insert(Incoming {
            receiver: Arc::clone(&receiver),
            method,
            methods: methods.id(),
        });
        self.peer.describe(&mut head.extensions);
        let body = Body::new(RequestBody::new(Arc::clone(&receiver)));
        let call = self.service.call(Request::from_parts(head, body));
        let live = self.calls.begin();
        tokio::spawn(async move {
            call::run(call, receiver, respond).await;
            drop(live);
        });
    }

    /// The memory for a call, if its head is one of gRPC; the answer to the client if not.
    fn admit(&self, head: &Parts) -> Result<Share, Response<()>> {
        if let Some(refusal) = protocol::refusal(head) {
            return Err(refusal);
        }
        let share = self.allowance.share();
        share.ok_or_else(|| protocol::answer(&status::over_budget(self.allowance.limit())))
    }
}
