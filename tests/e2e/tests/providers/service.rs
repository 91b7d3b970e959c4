//! The built binary, with the section `registry` of a test.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use carml_test_e2e::proto::carml::test::v1::*;
use serde_json::Value;
use tempfile::TempDir;
use tonic::transport::Channel;

const PATIENCE: Duration = Duration::from_secs(30);

/// A process that serves.
#[derive(Debug)]
pub struct Service {
    child: Child,
    pub address: String,
    lines: Receiver<Value>,
}

/// The report of a process that did not start.
#[derive(Debug)]
pub struct Refused {
    pub code: Option<i32>,
    pub report: String,
}

impl Service {
    /// Starts it in a folder, where an embedded store is too.
    pub fn start(folder: &TempDir, registry: &str) -> Result<Service, Refused> {
        let server = "grpc:\n  server:\n    listen: 127.0.0.1:0\n    middleware: [recover]\n";
        std::fs::write(
            folder.path().join("carml.yml"),
            format!("{registry}{server}"),
        )
        .unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tally"))
            .args(["--config", "carml.yml"])
            .current_dir(folder.path())
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let mut service = Service {
            child,
            address: String::new(),
            lines,
        };
        match service.line("serving") {
            Some(serving) => {
                let address = &serving["fields"]["server.address"];
                service.address = address.as_str().unwrap().to_owned();
                Ok(service)
            }
            None => {
                let (code, report) = service.end();
                Err(Refused { code, report })
            }
        }
    }

    /// The next line of its log with this message; `None` if the process ended.
    pub fn line(&self, message: &str) -> Option<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < end, "no line `{message}`");
            let line = match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => line,
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("no line `{message}`"),
            };
            if line["message"] == message {
                return Some(line);
            }
        }
    }

    pub async fn client(&self) -> TallyClient<Channel> {
        let endpoint = Channel::from_shared(format!("http://{}", self.address));
        TallyClient::new(endpoint.unwrap().connect().await.unwrap())
    }

    /// Drains it: its exit code, and why it is not 0. Connections of clients end meanwhile, on the
    /// thread of the caller.
    pub async fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(sent.unwrap().success());
        let ended = tokio::task::spawn_blocking(move || self.end());
        ended.await.unwrap()
    }

    /// Of a process that ends by itself.
    fn end(&mut self) -> (Option<i32>, String) {
        let mut report = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut report).unwrap();
        (self.child.wait().unwrap().code(), report)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn counter(name: &str) -> Counter {
    let name = name.to_owned();
    Counter { name }
}

pub fn add(name: &str, count: u64) -> AddRequest {
    AddRequest {
        counter: Some(counter(name)),
        count,
    }
}
