//! The generated server, with an `ErrorInfo` also on the errors that come before the service: of
//! messages that are too large or cannot be read, and of unknown methods.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use carml_runtime::{grpc::FileDescriptors, kv::ErrorKind};
use http::{Request, Response};
use tonic::{
    Code, Status,
    body::Body,
    codegen::{BoxFuture, Service},
    server::NamedService,
};

use crate::{api, subject::Subject};

/// A service that errors are about.
pub trait Named {
    /// What the errors of a call are about.
    #[doc(hidden)]
    fn at(&self, call: &'static str) -> Subject;
}

/// The server of a [`Service`](crate::Service).
#[derive(Clone, Debug)]
pub struct KeyValueServer<T> {
    inner: api::KeyValueServer<T>,
    at: Subject,
}

impl<T: Named> KeyValueServer<T> {
    /// Around a service.
    pub fn new(service: T) -> Self {
        Self {
            at: service.at(""),
            inner: api::KeyValueServer::new(service),
        }
    }
}

impl<T> KeyValueServer<T> {
    /// See [`api::KeyValueServer`].
    #[must_use]
    pub fn max_decoding_message_size(self, limit: usize) -> Self {
        let inner = self.inner.max_decoding_message_size(limit);
        Self { inner, ..self }
    }

    /// See [`api::KeyValueServer`].
    #[must_use]
    pub fn max_encoding_message_size(self, limit: usize) -> Self {
        let inner = self.inner.max_encoding_message_size(limit);
        Self { inner, ..self }
    }
}

impl<T> NamedService for KeyValueServer<T> {
    const NAME: &'static str = api::KeyValueServer::<T>::NAME;
}

impl<T> FileDescriptors for KeyValueServer<T> {
    const FILE_DESCRIPTOR_SET: &'static [u8] = api::KeyValueServer::<T>::FILE_DESCRIPTOR_SET;
}

impl<T: api::KeyValue> Service<Request<Body>> for KeyValueServer<T> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request<Body>) -> Answering {
        let method = request.uri().path().rsplit('/').next();
        Answering {
            at: self.at.clone().called(call(method.unwrap_or_default())),
            response: self.inner.call(request),
        }
    }
}

/// The response of a call.
pub struct Answering {
    at: Subject,
    response: BoxFuture<Response<Body>, Infallible>,
}

impl Future for Answering {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Ok(response) = ready!(self.response.as_mut().poll(cx));
        Poll::Ready(Ok(match Status::from_header_map(response.headers()) {
            Some(status) if status.code() != Code::Ok && status.details().is_empty() => {
                explained(&self.at, &status).into_http()
            }
            _ => response,
        }))
    }
}

/// The status of a request that did not get to the service.
fn explained(at: &Subject, status: &Status) -> Status {
    let kind = match status.code() {
        Code::Unimplemented => ErrorKind::Unsupported,
        Code::ResourceExhausted => ErrorKind::TooLarge,
        // Bytes that are not the message, such as text that is not UTF-8.
        Code::Internal => ErrorKind::InvalidArgument,
        _ => return status.clone(),
    };
    at.refuse(kind, status.message())
}

/// The call of a method, as errors name it.
fn call(method: &str) -> &'static str {
    match method {
        "Put" => "put",
        "Get" | "GetMany" => "get",
        "Delete" => "delete",
        "Exists" => "exists",
        "List" => "list",
        "DeleteTree" => "delete_tree",
        "AtomicPut" => "atomic_put",
        "AtomicDelete" => "atomic_delete",
        "Commit" => "transaction",
        "Watch" => "watch",
        "WatchTree" => "watch_tree",
        "Lock" | "HoldKeepAlive" | "Release" | "ListHolds" | "BreakHold" => "lock",
        "Campaign" | "Proclaim" | "Observe" => "election",
        "LeaseGrant" => "lease",
        "LeaseKeepAlive" => "keep_alive",
        "LeaseRevoke" => "revoke",
        _ => "call",
    }
}
