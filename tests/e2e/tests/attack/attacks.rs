//! One function per attack. Each goes on until its time is over.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use carml_test_e2e::{line, proto::carml::test::v1::EchoClient};
use h2::client::SendRequest;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::raw::{self, Connection, frame};

pub async fn no_preface(address: SocketAddr, until: Instant) {
    let beginnings: [&[u8]; 6] = [
        b"",
        b"PRI * HTTP",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        &[0; 64],
        raw::PREFACE,
    ];
    while Instant::now() < until {
        let mut connections = Vec::new();
        for beginning in beginnings.iter().cycle().take(120) {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let _ = stream.write_all(beginning).await;
            connections.push(stream);
        }
        // Those that sent nothing wrong are closed when their time is over.
        for (at, stream) in connections.iter_mut().enumerate() {
            let mut rest = Vec::new();
            if at % beginnings.len() < 2 {
                let closed = timeout(Duration::from_secs(5), stream.read_to_end(&mut rest));
                let _ = closed.await.expect("a silent connection is closed");
            }
        }
    }
}

pub async fn random_frames(address: SocketAddr, until: Instant) {
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    while Instant::now() < until {
        let Ok(mut connection) = Connection::open(address, true).await else {
            continue;
        };
        for _ in 0..random(50) {
            let payload: Vec<u8> = (0..random(200)).map(|_| random(256) as u8).collect();
            let payload = match random(3) {
                0 => raw::head("Say"),
                _ => payload,
            };
            let mut bytes = frame(
                random(12) as u8,
                random(256) as u8,
                random(12) as u32,
                &payload,
            );
            if random(20) == 0 {
                bytes[0] = random(256) as u8;
            }
            if !connection.send(&bytes).await {
                break;
            }
        }
    }
}

pub async fn rapid_reset(address: SocketAddr, until: Instant) {
    let attack = async || {
        while Instant::now() < until {
            let Ok(mut connection) = Connection::open(address, true).await else {
                continue;
            };
            let mut stream = 1;
            let mut is_open = true;
            while is_open && Instant::now() < until {
                let mut bytes = Vec::new();
                for _ in 0..100 {
                    bytes.extend(frame(
                        raw::HEADERS,
                        raw::END_HEADERS,
                        stream,
                        &raw::head("Join"),
                    ));
                    bytes.extend(frame(raw::RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
                    stream += 2;
                }
                is_open = connection.send(&bytes).await;
            }
        }
    };
    tokio::join!(attack(), attack(), attack(), attack());
}

pub async fn floods(address: SocketAddr, until: Instant) {
    let open = frame(raw::HEADERS, raw::END_HEADERS, 1, &raw::head("Join"));
    let floods = [
        frame(raw::PING, 0, 0, &[7; 8]),
        frame(raw::SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255]),
        frame(raw::WINDOW_UPDATE, 0, 1, &1_u32.to_be_bytes()),
        frame(raw::PRIORITY, 0, 1, &[0, 0, 0, 3, 7]),
        frame(raw::DATA, 0, 1, &[]),
        frame(raw::RST_STREAM, 0, 1, &8_u32.to_be_bytes()),
    ];
    let flood = async |flood: Vec<u8>, reads: bool| {
        let flood = flood.repeat(1000);
        while Instant::now() < until {
            // If nobody reads them, the answers fill the server's buffers.
            let Ok(mut connection) = Connection::open(address, reads).await else {
                continue;
            };
            connection.send(&open).await;
            while Instant::now() < until && connection.send(&flood).await {}
        }
    };
    let floods = floods
        .into_iter()
        .flat_map(|bytes| [(bytes.clone(), true), (bytes, false)])
        .map(|(bytes, reads)| flood(bytes, reads));
    futures_util::future::join_all(floods).await;
}

pub async fn endless_headers(address: SocketAddr, until: Instant) {
    let more = raw::literal("x", &"y".repeat(100)).repeat(100);
    while Instant::now() < until {
        let Ok(mut connection) = Connection::open(address, true).await else {
            continue;
        };
        connection
            .send(&frame(raw::HEADERS, 0, 1, &raw::head("Say")))
            .await;
        let next = frame(raw::CONTINUATION, 0, 1, &more);
        while Instant::now() < until && connection.send(&next).await {}
    }
}

/// The first bytes of a message of 500 MB.
const HUGE: [u8; 5] = [0, 0x1d, 0xcd, 0x65, 0x00];

async fn h2(address: SocketAddr) -> Option<SendRequest<Bytes>> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (client, connection) = h2::client::handshake(stream).await.ok()?;
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Some(client)
}

fn post(method: &str) -> http::Request<()> {
    http::Request::post(format!("http://test/carml.test.v1.Echo/{method}"))
        .header("content-type", "application/grpc")
        .body(())
        .unwrap()
}

/// 10,000 streams at a time, and 400,000 in all if there is time.
pub async fn declared_lengths(address: SocketAddr, until: Instant) {
    let mut left = 400_000_u32;
    while Instant::now() < until && left > 0 {
        let mut open = Vec::new();
        for _ in 0..20 {
            let Some(client) = h2(address).await else {
                continue;
            };
            let Ok(mut client) = client.ready().await else {
                continue;
            };
            for _ in 0..500 {
                let Ok((answer, mut stream)) = client.send_request(post("Join"), false) else {
                    break;
                };
                let begun = [&HUGE[..], &[0; 25]].concat();
                let _ = stream.send_data(begun.into(), false);
                open.push((answer, stream));
                let Ok(ready) = client.ready().await else {
                    break;
                };
                client = ready;
            }
            left = left.saturating_sub(500);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub async fn tiny_frames(address: SocketAddr, until: Instant) {
    let attack = async || {
        while Instant::now() < until {
            let Ok(mut connection) = Connection::open(address, true).await else {
                continue;
            };
            let mut bytes = frame(raw::HEADERS, raw::END_HEADERS, 1, &raw::head("Join"));
            bytes.extend(frame(raw::DATA, 0, 1, &HUGE));
            connection.send(&bytes).await;
            let single = frame(raw::DATA, 0, 1, &[1]).repeat(1000);
            while Instant::now() < until && connection.send(&single).await {}
        }
    };
    tokio::join!(attack(), attack(), attack());
}

pub async fn half_messages(address: SocketAddr, until: Instant) {
    let attack = async || {
        while Instant::now() < until {
            let Some(client) = h2(address).await else {
                continue;
            };
            let Ok(mut client) = client.ready().await else {
                continue;
            };
            let Ok((answer, mut stream)) = client.send_request(post("Join"), false) else {
                continue;
            };
            let _ = stream.send_data(Bytes::from_static(&HUGE), false);
            let answer = tokio::spawn(answer);
            while Instant::now() < until && !answer.is_finished() {
                stream.reserve_capacity(65_536);
                let capacity = std::future::poll_fn(|cx| stream.poll_capacity(cx));
                match timeout(Duration::from_millis(100), capacity).await {
                    Ok(Some(Ok(len))) => {
                        let _ = stream.send_data(vec![0; len].into(), false);
                    }
                    Ok(_) => break,
                    Err(_) => {}
                }
            }
            if !answer.is_finished() {
                answer.abort();
            } else if let Ok(Ok(answer)) = answer.await
                && let Some(code) = answer.headers().get("grpc-status")
            {
                assert_eq!(code, "8", "RESOURCE_EXHAUSTED");
            }
        }
    };
    let attacks = (0..8).map(|_| attack());
    futures_util::future::join_all(attacks).await;
}

pub async fn unread_answers(address: SocketAddr, until: Instant) {
    while Instant::now() < until {
        let mut streams = Vec::new();
        for _ in 0..20 {
            let url = format!("http://{address}");
            let Ok(mut client) = EchoClient::connect(url).await else {
                continue;
            };
            for _ in 0..20 {
                if let Ok(stream) = client.repeat(line("grow", 10_000)).await {
                    streams.push(stream);
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
