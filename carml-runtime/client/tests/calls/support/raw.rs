//! A server of HTTP/2 that ends calls as a test wants.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use bytes::Bytes;
use h2::{Reason, server};
use http::{HeaderMap, Response, StatusCode};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What happens to the n-th call of a server, from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    Ok,
    Reset(Reason),
    /// GOAWAY that says it was not looked at.
    GoAway,
    /// The head of an answer, a part of its message, and then the end of the connection.
    CloseMidway,
    /// The head of an answer and its message, and no status.
    NoStatus,
    Http(u16),
    /// The end of the connection, without an answer.
    Close,
    Silence,
    /// It reads and writes no more, and the connection stays open.
    Freeze,
}

pub(crate) struct RawServer {
    pub(crate) address: String,
    calls: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    accept: JoinHandle<()>,
}

impl RawServer {
    pub(crate) async fn start(then: impl Fn(usize) -> Then + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (calls, connections) = (Arc::default(), Arc::default());
        let accept = tokio::spawn(accept(
            listener,
            Arc::new(then),
            Arc::clone(&calls),
            Arc::clone(&connections),
        ));
        Self {
            address,
            calls,
            connections,
            accept,
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

type Decide = Arc<dyn Fn(usize) -> Then + Send + Sync>;

async fn accept(
    listener: TcpListener,
    then: Decide,
    calls: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, SeqCst);
        tokio::spawn(serve(stream, Arc::clone(&then), Arc::clone(&calls)));
    }
}

async fn serve(stream: TcpStream, then: Decide, calls: Arc<AtomicUsize>) {
    let Ok(mut connection) = server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let then = then(calls.fetch_add(1, SeqCst));
        let grpc = || {
            let head = Response::builder().header("content-type", "application/grpc");
            head.body(()).expect("a head")
        };
        match then {
            Then::Ok => {
                let mut stream = respond.send_response(grpc(), false).expect("a stream");
                stream
                    .send_data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1]), false)
                    .expect("data");
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().expect("a header"));
                stream.send_trailers(trailers).expect("trailers");
            }
            Then::Reset(reason) => respond.send_reset(reason),
            Then::GoAway => {
                respond.send_reset(Reason::REFUSED_STREAM);
                connection.graceful_shutdown();
            }
            Then::CloseMidway => {
                let mut stream = respond.send_response(grpc(), false).expect("a stream");
                stream
                    .send_data(Bytes::from_static(&[0, 0, 0, 0, 9, 8]), false)
                    .expect("data");
                // What is written goes out before the end.
                let flush = std::time::Duration::from_millis(50);
                let _ = tokio::time::timeout(flush, connection.accept()).await;
                return;
            }
            Then::NoStatus => {
                let mut stream = respond.send_response(grpc(), false).expect("a stream");
                stream
                    .send_data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1]), true)
                    .expect("data");
            }
            Then::Http(status) => {
                let mut head = Response::new(());
                *head.status_mut() = StatusCode::from_u16(status).expect("a status");
                respond.send_response(head, true).expect("a stream");
            }
            Then::Close => return,
            Then::Silence => std::mem::forget(respond),
            Then::Freeze => std::future::pending().await,
        }
    }
}
