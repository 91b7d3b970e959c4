//! One call: its request to the service, and its response to the client.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{Reason, SendStream, server::SendResponse};
use http::{Response, header};
use http_body::Body as _;
use tonic::body::Body;

use super::{bounded_status, receive::Receiver};
use crate::Methods;

/// Where a request comes from: in the extensions of each that [`Server`](super::Server) takes.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(super) receiver: Arc<Receiver>,
    /// Which of the methods that are served; none for another one.
    pub(super) method: Option<usize>,
    /// The [`id`](Methods::id) of the table that `method` is an index into.
    pub(super) methods: usize,
}

impl Incoming {
    /// Which of the methods that are served; none for another one.
    pub(crate) fn method(&self) -> Option<usize> {
        self.method
    }

    /// Whether these are the methods that are served.
    pub(crate) fn serves(&self, methods: &Methods) -> bool {
        methods.id() == self.methods
    }

    /// Takes memory for what is made of the request; whether there is as much.
    #[cfg(feature = "compression")]
    pub(crate) fn take(&self, bytes: u64) -> bool {
        self.receiver.take(bytes)
    }

    /// Gives back what was taken before.
    #[cfg(feature = "compression")]
    pub(crate) fn give_back(&self, bytes: u64) {
        self.receiver.give_back(bytes);
    }

    /// What all requests may take together.
    #[cfg(feature = "compression")]
    pub(crate) fn memory_limit(&self) -> u64 {
        self.receiver.memory_limit()
    }

    /// Whether the client has ended the call, or is gone.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.receiver.is_cancelled()
    }
}

/// Runs a call to its end: the end of its response, or of its client.
pub(super) async fn run<F>(call: F, receiver: Arc<Receiver>, mut respond: SendResponse<Bytes>)
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    // Also if the service panics, or the runtime ends.
    let receiver = EndOnDrop(receiver);
    if let Some((stream, body)) = head(call, &receiver.0, &mut respond).await {
        send(stream, body, &receiver.0).await;
    }
}

struct EndOnDrop(Arc<Receiver>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Waits for the head of the response, and sends it.
async fn head<F>(
    call: F,
    receiver: &Receiver,
    respond: &mut SendResponse<Bytes>,
) -> Option<(SendStream<Bytes>, Body)>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    let mut call = pin!(call);
    let response = poll_fn(|cx| {
        receiver.fill(cx);
        if let Poll::Ready(Ok(response)) = call.as_mut().poll(cx) {
            return Poll::Ready(Some(response));
        }
        respond.poll_reset(cx).map(|_| {
            receiver.cancel();
            None
        })
    });
    let (mut head, body) = response.await?.into_parts();
    // HTTP/2 has no such headers, and h2 fails to send them.
    for name in [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ] {
        head.headers.remove(name);
    }
    bounded_status::bound(&mut head.headers);
    let head = Response::from_parts(head, ());
    let is_end = body.is_end_stream();
    match respond.send_response(head, is_end) {
        Ok(stream) => (!is_end).then_some((stream, body)),
        Err(error) => {
            tracing::debug!(%error, "a response cannot be sent");
            None
        }
    }
}

/// Sends the frames of a body, as fast as the client takes them.
async fn send(mut stream: SendStream<Bytes>, body: Body, receiver: &Receiver) {
    let mut body = pin!(body);
    poll_fn(|cx| {
        receiver.fill(cx);
        let sent = poll_send(&mut stream, body.as_mut(), cx);
        if sent.is_pending() && stream.poll_reset(cx).is_ready() {
            receiver.cancel();
            return Poll::Ready(());
        }
        sent
    })
    .await;
}

fn poll_send(
    stream: &mut SendStream<Bytes>,
    mut body: Pin<&mut Body>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    loop {
        // One byte of the client's window is enough: what it has no room for waits in h2.
        stream.reserve_capacity(1);
        while stream.capacity() == 0 {
            let Some(Ok(_)) = ready!(stream.poll_capacity(cx)) else {
                return Poll::Ready(());
            };
        }
        let frame = match ready!(body.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(status)) => {
                tracing::debug!(%status, "a response ends without a status");
                stream.send_reset(Reason::INTERNAL_ERROR);
                return Poll::Ready(());
            }
            None => {
                let _ = stream.send_data(Bytes::new(), true);
                return Poll::Ready(());
            }
        };
        let sent = match frame.into_data() {
            Ok(data) => stream.send_data(data, body.is_end_stream()),
            Err(frame) => {
                stream.reserve_capacity(0);
                if let Ok(mut trailers) = frame.into_trailers() {
                    bounded_status::bound(&mut trailers);
                    let _ = stream.send_trailers(trailers);
                }
                return Poll::Ready(());
            }
        };
        if sent.is_err() || body.is_end_stream() {
            return Poll::Ready(());
        }
    }
}
