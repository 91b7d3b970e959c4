//! The connections of a server, which end when it does.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo, TcpIncoming};

/// What the listener accepts, until it is cut.
pub(super) fn incoming(
    listener: TcpListener,
    cut: &CancellationToken,
) -> impl Stream<Item = io::Result<Connection>> + Send + use<> {
    let cut = cut.clone();
    // Without it a small message of a stream waits for the one before it to be acknowledged.
    let accepted = TcpIncoming::from(listener).with_nodelay(Some(true));
    accepted.map(move |stream| {
        Ok(Connection {
            stream: stream?,
            // A node of its own: connections do not wait for each other's lock.
            cut: Box::pin(cut.child_token().cancelled_owned()),
        })
    })
}

/// A connection. tonic serves each in a task of its own, which would outlive the server: once it
/// is cut, reading fails, and with it every call on it.
pub(super) struct Connection {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_pending() && self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn a_connection_sends_at_once_and_ends_when_it_is_cut() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
        let address = listener.local_addr().expect("an address");
        let cut = CancellationToken::new();
        let incoming = incoming(listener, &cut);
        tokio::pin!(incoming);
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), incoming.next());
        let mut connection = accepted.expect("one").expect("a connection");
        assert!(connection.stream.nodelay().expect("an option"));

        let reading = tokio::spawn(async move { connection.read_u8().await });
        tokio::task::yield_now().await;
        assert!(!reading.is_finished());
        cut.cancel();
        let error = reading.await.expect("no panic").expect_err("an error");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    }
}
