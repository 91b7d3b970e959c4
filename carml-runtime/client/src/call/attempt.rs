//! One attempt of a call, until the head of its answer.

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use bytes::Bytes;
use carml_grpc::{code, deadline};
use h2::{Reason, RecvStream};
use http::{HeaderValue, Request, Response, StatusCode, header, uri::Uri};
use http_body::Body as HttpBody;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Code, Status, body::Body};

use super::{answer::Answer, pump::Pump, shared::Shared, state::CallState};
use crate::{connection::Lease, counters::Attempt, settings::Settings, status};

/// How far an attempt came that did not succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reached {
    /// Nothing was sent.
    NotSent,
    /// The server says that it has not looked at it.
    NotProcessed,
    /// The server may have looked at it.
    #[default]
    Server,
    /// The request itself, or this client, ends the call: it is not tried again.
    Request,
}

type Failed = (Reached, Status);

/// Sends the request to an instance, and waits for the head of the answer: also of one that is only a
/// status.
pub(super) async fn run<B>(
    shared: &Arc<Shared>,
    state: &CallState,
    request: Request<B>,
) -> (Response<Body>, Reached)
where
    B: HttpBody<Data = Bytes, Error = Status> + Send + Unpin + 'static,
{
    let target = &shared.target;
    let settings = &target.settings;
    let picked = target.instances.pick(
        &settings.name,
        state.wait_for_ready,
        settings.connect_timeout,
        &state.tried,
    );
    let lease = match picked.await {
        Ok(lease) => lease,
        Err(status) => return (status.into_http(), Reached::Server),
    };
    let mut meter = Attempt::begin(shared.counters.as_ref(), request.uri().path(), &lease);
    let (head, mut pump) = match begin(settings, &lease, state.deadline, request).await {
        Ok(begun) => begun,
        Err((reached, status)) => {
            match reached {
                // The instance is not to blame.
                Reached::NotSent | Reached::Request => meter.forget(),
                Reached::NotProcessed | Reached::Server => meter.end(status.code()),
            }
            return (status.into_http(), reached);
        }
    };
    if let Some(code) = code::of(head.headers()) {
        meter.end(code);
        if let (Some(throttle), Code::Ok) = (&shared.throttle, code) {
            throttle.success();
        }
        return (head.map(|_| Body::empty()), Reached::Server);
    }
    // The answer ends in its own time; so does the request, in a task of its own.
    let sending = (!pump.is_done()).then(|| {
        AbortOnDropHandle::new(tokio::spawn(async move {
            // A request that fails has reset its stream.
            let _ = poll_fn(|cx| pump.poll(cx)).await;
        }))
    });
    let settings = Arc::clone(settings);
    let throttle = shared.throttle.clone();
    let answer = |stream| Answer::new(stream, settings, throttle, sending, lease, meter);
    (
        head.map(|stream| Body::new(answer(stream))),
        Reached::Server,
    )
}

/// Sends the head and as much of the body as there is, until the head of the answer comes.
async fn begin<B>(
    settings: &Settings,
    lease: &Lease,
    deadline: Option<Instant>,
    request: Request<B>,
) -> Result<(Response<RecvStream>, Pump<B>), Failed>
where
    B: HttpBody<Data = Bytes, Error = Status> + Unpin,
{
    let name = &settings.name;
    let link = lease.link();
    let (mut head, body) = request.into_parts();
    let mut uri = std::mem::take(&mut head.uri).into_parts();
    uri.scheme = Some(settings.scheme.clone());
    uri.authority = Some(link.authority.clone());
    let malformed =
        |error: &dyn std::fmt::Display| (Reached::Request, status::malformed(name, error));
    head.uri = Uri::from_parts(uri).map_err(|error| malformed(&error))?;
    head.extensions.clear();
    if let Some(at) = deadline {
        // What is left now: the call may have waited for a connection.
        let left = deadline::header(at.saturating_duration_since(Instant::now()));
        head.headers.insert(deadline::HEADER, left);
    }
    let sent = lease
        .sender()
        .send_request(Request::from_parts(head, ()), false);
    let (mut response, stream) = match sent {
        Ok(begun) => begun,
        Err(error) if error.is_go_away() || error.is_io() => {
            link.retire();
            let status = status::of_h2(name, &link.address, &error);
            return Err((Reached::NotSent, status));
        }
        Err(error) => return Err(malformed(&error)),
    };
    let mut pump = Pump::new(body, stream);
    let head = poll_fn(|cx| {
        if !pump.is_done()
            && let Poll::Ready(Err(status)) = pump.poll(cx)
        {
            return Poll::Ready(Err((Reached::Request, status)));
        }
        let response = Pin::new(&mut response).poll(cx);
        response.map_err(|error| {
            let status = status::of_h2(name, &link.address, &error);
            let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
            let is_unseen = error.is_go_away() && error.is_remote();
            match error.is_remote() && is_refused || is_unseen {
                true => (Reached::NotProcessed, status),
                false => (Reached::Server, status),
            }
        })
    });
    let mut head = head.await?;
    if code::of(head.headers()).is_none() {
        let content_type = head.headers().get(header::CONTENT_TYPE);
        if head.status() != StatusCode::OK || !content_type.is_some_and(is_grpc) {
            let status = status::of_http(name, head.status());
            return Err((Reached::Server, status));
        }
    }
    if let Some(peer) = link.peer {
        head.extensions_mut().insert(carml_grpc::chain::Peer(peer));
    }
    Ok((head, pump))
}

fn is_grpc(value: &HeaderValue) -> bool {
    value.as_bytes().starts_with(b"application/grpc")
}
