//! A TCP proxy that holds back every byte for the same time: what a call takes shows its round trips.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// Of one direction.
pub(crate) const DELAY: Duration = Duration::from_millis(30);

/// Starts one before a server, until the runtime ends: its address.
pub(crate) async fn proxy(server: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, server) = (listener.local_addr().unwrap(), server.to_owned());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&server).await else {
                return;
            };
            for stream in [&client, &server] {
                stream.set_nodelay(true).unwrap();
            }
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(pass(from_client, to_server));
            tokio::spawn(pass(from_server, to_client));
        }
    });
    address.to_string()
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let (sender, mut parts) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some((due, part)) = parts.recv().await {
            sleep_until(due).await;
            let part: Vec<u8> = part;
            if to.write_all(&part).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let _ = sender.send((Instant::now() + DELAY, buffer[..n].to_vec()));
    }
}
