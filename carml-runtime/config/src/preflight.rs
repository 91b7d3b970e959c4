//! The dry run: what can only be checked on the machine that runs the service.

use super::Endpoint;
use super::Loaded;
use crate::rules::default_port;
use carml_diagnostic::{Code, Diagnostic, RawReport, Report};
use carml_schema::Annotations;
use serde_json::Value;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

impl Loaded {
    /// Tries what the config names, without serving: folders exist, addresses can be bound to,
    /// names resolve, and, if `wait` is given, every server in use accepts a connection within it.
    /// It blocks: at most about twice `wait`.
    pub fn preflight(&self, wait: Option<Duration>) -> Report {
        let mut report = RawReport::new();
        let mut add = |pointer: &str, code, message: String, help: &'static str| {
            let fault = Diagnostic::error(code, message).help(help);
            report.push(self.document().locate(fault, pointer, false));
        };
        for (pointer, message, help) in self.folders() {
            add(&pointer, Code::Path, message, help);
        }
        if let Err(why) = self.bindable() {
            add(
                "/grpc/server/listen",
                Code::Listen,
                why,
                "choose an address of this machine and a free port",
            );
        }
        if let Some(wait) = wait {
            for (pointer, message) in self.unanswered(wait) {
                let help =
                    "start the server, correct the address, or use `--offline` to connect to none";
                add(&pointer, Code::Unanswered, message, help);
            }
        }
        self.redact(report)
    }

    /// Folders that have to exist already.
    fn folders(&self) -> Vec<(String, String, &'static str)> {
        let text = |pointer: &str| self.value().pointer(pointer).and_then(Value::as_str);
        let mut wrong = Vec::new();
        if let (Some("redb"), Some(path)) = (text("/registry/provider"), text("/registry/path")) {
            let folder = std::path::Path::new(path).parent();
            let folder = folder.filter(|f| !f.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|f| !f.is_dir()) {
                let message = format!(
                    "the folder `{}` of the store's file does not exist",
                    folder.display()
                );
                wrong.push((
                    "/registry/path".to_owned(),
                    message,
                    "create it, or give another path",
                ));
            }
        }
        if let Some(path) = text("/app/tempdir").filter(|p| !std::path::Path::new(p).is_dir()) {
            let message = format!("the folder `{path}` does not exist");
            wrong.push((
                "/app/tempdir".to_owned(),
                message,
                "create it, or leave the key out",
            ));
        }
        wrong
    }

    /// Whether the server's address can be bound; the port is free again at once.
    fn bindable(&self) -> Result<(), String> {
        let listen = self.value().pointer("/grpc/server/listen");
        let Some(listen) = listen.and_then(Value::as_str) else {
            return Ok(());
        };
        std::net::TcpListener::bind(listen)
            .map(drop)
            .map_err(|e| format!("cannot listen on {listen}: {e}"))
    }

    /// Servers in use that do not accept a connection, all tried at once.
    fn unanswered(&self, wait: Duration) -> Vec<(String, String)> {
        let (send, answers) = mpsc::channel();
        let mut open = Vec::new();
        let marked = self
            .schema()
            .shapes()
            .annotated(self.value(), Annotations::ENDPOINT);
        for found in marked {
            let pointer = found.pointer;
            let Some(text) = found.value.as_str().filter(|_| self.in_use(&pointer)) else {
                continue;
            };
            let Ok(endpoint) = text.parse::<Endpoint>();
            // Without a port there is a name to resolve and nothing to connect to.
            let port = self.port(&pointer, &endpoint).unwrap_or(0);
            let address = endpoint.with_port(port);
            let (send, name) = (send.clone(), pointer.clone());
            open.push((pointer, address.clone()));
            std::thread::spawn(move || {
                let _ = send.send((name, connect(&address, wait)));
            });
        }
        drop(send);
        let mut failed = Vec::new();
        // A resolver has no deadline of its own.
        let end = std::time::Instant::now() + wait * 2;
        while !open.is_empty() {
            let left = end.saturating_duration_since(std::time::Instant::now());
            match answers.recv_timeout(left) {
                Ok((pointer, outcome)) => {
                    open.retain(|(p, _)| *p != pointer);
                    if let Err(why) = outcome {
                        failed.push((pointer, why));
                    }
                }
                Err(_) => break,
            }
        }
        let late = open
            .into_iter()
            .map(|(pointer, address)| (pointer, format!("{address} did not answer in time")));
        failed.extend(late);
        failed
    }

    /// Whether the service would connect to the server of an endpoint.
    fn in_use(&self, pointer: &str) -> bool {
        let value = self.value();
        let is = |at: &str, what: Value| value.pointer(at) == Some(&what);
        let hook = |name: &str| {
            let hooks = value.pointer("/logger/hooks").and_then(Value::as_array);
            hooks.is_some_and(|h| h.iter().any(|h| h == name))
        };
        match pointer.split('/').nth(1).unwrap_or_default() {
            "registry" => !is("/registry/provider", "redb".into()),
            "tracer" => is("/tracer/enabled", true.into()),
            "logger" => hook(pointer.split('/').nth(2).unwrap_or_default()),
            "store" => is("/store/provider", "s3".into()),
            _ => true,
        }
    }

    /// The port of an endpoint, or the one that its provider or scheme has. UDP has no connections,
    /// so it is not tried.
    fn port(&self, pointer: &str, endpoint: &Endpoint) -> Option<u16> {
        if endpoint.scheme() == Some("udp") {
            return Some(0);
        }
        let of_provider = || {
            let registry = self.value().get("registry");
            default_port(registry.filter(|_| pointer.starts_with("/registry/")))
        };
        endpoint
            .port()
            .or_else(of_provider)
            .or(match endpoint.scheme() {
                Some("https" | "grpcs") => Some(443),
                Some("tls") => Some(6514),
                Some("tcp") => Some(601),
                _ if pointer.starts_with("/tracer/") => Some(9411),
                _ if pointer.starts_with("/logger/elastic_search/") => Some(9200),
                Some("http") => Some(80),
                _ => None,
            })
    }
}

/// Resolves a name and opens a connection to the first of its addresses that accepts one.
fn connect(address: &str, wait: Duration) -> Result<(), String> {
    let found: Vec<SocketAddr> = address
        .to_socket_addrs()
        .map_err(|_| format!("the name of {address} does not resolve"))?
        .collect();
    let mut last = format!("the name of {address} resolves to no address");
    for one in found {
        if one.port() == 0 {
            return Ok(());
        }
        match TcpStream::connect_timeout(&one, wait) {
            Ok(_) => return Ok(()),
            Err(e) => last = format!("{address} does not answer: {e}"),
        }
    }
    Err(last)
}
