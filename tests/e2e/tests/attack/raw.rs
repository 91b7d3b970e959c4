//! HTTP/2 by hand: what no client library sends.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
    time::timeout,
};

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_HEADERS: u8 = 4;

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = len[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header that is not in any table.
pub fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        // One byte for the length, without Huffman.
        bytes.push(u8::try_from(text.len()).unwrap());
        assert!(text.len() < 127);
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// The headers of a call.
pub fn head(method: &str) -> Vec<u8> {
    [
        literal(":method", "POST"),
        literal(":scheme", "http"),
        literal(":authority", "test"),
        literal(":path", &format!("/carml.test.v1.Echo/{method}")),
        literal("content-type", "application/grpc"),
    ]
    .concat()
}

/// A connection that has sent its preface. It is reset when it is dropped.
pub struct Connection {
    write: OwnedWriteHalf,
    /// Throws away what the server answers.
    reads: Option<JoinHandle<()>>,
    /// Nobody reads what the server answers.
    _unread: Option<OwnedReadHalf>,
}

impl Connection {
    pub async fn open(address: SocketAddr, reads: bool) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_zero_linger()?;
        let (mut read, mut write) = stream.into_split();
        write.write_all(PREFACE).await?;
        write.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
        let (reads, unread) = if reads {
            let task = tokio::spawn(async move {
                let mut buffer = vec![0; 65_536];
                while read.read(&mut buffer).await.is_ok_and(|len| len > 0) {}
            });
            (Some(task), None)
        } else {
            (None, Some(read))
        };
        Ok(Self {
            write,
            reads,
            _unread: unread,
        })
    }

    /// Whether all of it was sent in time.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        let sent = timeout(Duration::from_millis(500), self.write.write_all(bytes));
        matches!(sent.await, Ok(Ok(())))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(reads) = &self.reads {
            reads.abort();
        }
    }
}
