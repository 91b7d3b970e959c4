//! Two processes with the registry of `carml.etcd.yml`, which find each other.
#![cfg(all(unix, feature = "etcd"))]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use carml_test_servers::Server;
use example_client::proto::shop::v1::*;
use tonic::{Request, transport::Channel};

/// The example as a process, and the lines of its log.
struct Shop {
    child: Child,
    lines: Receiver<String>,
    address: String,
}

impl Shop {
    fn start(etcd: &Server) -> Self {
        let endpoints = format!("registry.endpoints=[\"{}\"]", etcd.endpoints()[0]);
        let mut child = Command::new(env!("CARGO_BIN_EXE_example-client"))
            .args(["--config", "carml.yml", "--config", "carml.etcd.yml"])
            .args(["--set", &endpoints])
            .args(["--set", "grpc.server.listen=127.0.0.1:0"])
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut shop = Self {
            child,
            lines,
            address: String::new(),
        };
        let line = shop.line("\"serving\"");
        let (_, rest) = line.split_once("\"server.address\":\"").unwrap();
        shop.address = rest.split('"').next().unwrap().to_owned();
        shop
    }

    /// The next line with this text.
    fn line(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(20)).unwrap();
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Whether it was asked for a price since this was last asked.
    fn was_asked(&self) -> bool {
        let is_price = |line: &String| {
            line.contains("shop.v1.Prices/Get") && !line.contains("carml::rpc::client")
        };
        self.lines.try_iter().filter(is_price).count() > 0
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn quote(client: &OrdersClient<Channel>) -> bool {
    let item = "tea".to_owned();
    let mut request = Request::new(QuoteRequest { item, count: 2 });
    request.set_timeout(Duration::from_secs(5));
    let reply = client.clone().quote(request).await;
    reply.is_ok_and(|reply| reply.get_ref().cents == 6)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_process_calls_both_and_the_other_one_if_one_is_killed() {
    let etcd = Server::started(&["etcd"]).await;
    let (one, other) = (Shop::start(&etcd), Shop::start(&etcd));
    let client = OrdersClient::connect(format!("http://{}", one.address));
    let client = client.await.unwrap();
    let begun = Instant::now();
    let (mut is_one_asked, mut is_other_asked) = (false, false);
    while !(is_one_asked && is_other_asked) {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "one of them gets no calls"
        );
        quote(&client).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        is_one_asked |= one.was_asked();
        is_other_asked |= other.was_asked();
    }
    // The policy of `carml.yml` tries the other one.
    drop(other);
    for n in 0..100 {
        assert!(quote(&client).await, "call {n}");
    }
}
