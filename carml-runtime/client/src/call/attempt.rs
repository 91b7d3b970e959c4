//! One attempt of a call, until the head of its answer.

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    task::Poll,
};

use carml_grpc::code;
use h2::{Reason, RecvStream};
use http::{HeaderValue, Request, Response, StatusCode, header, request::Parts, uri::Uri};
use tonic::Status;

use super::{pump::Pump, source::Source};
use crate::{connection::Lease, settings::Settings, status};

/// The head of an answer, and what is left of the attempt.
pub(super) struct Begun {
    pub(super) head: Response<RecvStream>,
    pub(super) pump: Pump,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failed {
    /// Nothing was sent.
    NotSent(Status),
    /// The server says that it has not looked at it.
    NotProcessed(Status),
    /// It ended with this status.
    Ended(Status),
    /// The request itself, or this client, ends the call: it is not tried again.
    Request(Status),
}

/// Sends the request, and waits for the head of the answer.
pub(super) async fn run(
    settings: &Settings,
    lease: &Lease,
    head: &Parts,
    source: &mut Source,
) -> Result<Begun, Failed> {
    let name = &settings.name;
    let link = lease.link();
    let mut uri = head.uri.clone().into_parts();
    uri.scheme = Some(settings.scheme.clone());
    uri.authority = Some(link.authority.clone());
    let uri =
        Uri::from_parts(uri).map_err(|error| Failed::Request(status::malformed(name, &error)))?;
    let mut request = Request::new(());
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = head.headers.clone();
    let (mut response, stream) = match lease.sender().send_request(request, false) {
        Ok(begun) => begun,
        Err(error) if error.is_go_away() || error.is_io() => {
            link.retire();
            return Err(Failed::NotSent(status::of_h2(name, &link.address, &error)));
        }
        Err(error) => return Err(Failed::Request(status::malformed(name, &error))),
    };
    let mut pump = Pump::new(stream);
    let head = poll_fn(|cx| {
        if !pump.is_done()
            && let Poll::Ready(Err(status)) = pump.poll(source, cx)
        {
            return Poll::Ready(Err(Failed::Request(status)));
        }
        let response = Pin::new(&mut response).poll(cx);
        response.map_err(|error| {
            let status = status::of_h2(name, &link.address, &error);
            let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
            let is_unseen = error.is_go_away() && error.is_remote();
            match error.is_remote() && is_refused || is_unseen {
                true => Failed::NotProcessed(status),
                false => Failed::Ended(status),
            }
        })
    });
    let mut head = head.await?;
    if code::of(head.headers()).is_none() {
        let is_grpc = head
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(is_grpc);
        if head.status() != StatusCode::OK || !is_grpc {
            return Err(Failed::Ended(status::of_http(name, head.status())));
        }
    }
    if let Some(peer) = link.peer {
        head.extensions_mut().insert(carml_grpc::chain::Peer(peer));
    }
    Ok(Begun { head, pump })
}

fn is_grpc(value: &HeaderValue) -> bool {
    value.as_bytes().starts_with(b"application/grpc")
}
