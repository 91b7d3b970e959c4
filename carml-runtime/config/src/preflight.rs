//! The dry run: what can only be checked on the machine that runs the service.

use super::{Endpoint, ListenAddress, Loaded};
use crate::rules::default_port;
use carml_diagnostic::{Diagnostic, Preflight, RawReport, Report, Unanswered};
use carml_schema::Annotations;
use serde_json::Value;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

impl Loaded {
    /// Tries what the config names, without serving: folders exist, addresses can be bound to,
    /// names resolve, and, if `wait` is given, every server in use accepts a connection within it.
    /// It blocks: at most about twice `wait`.
    pub fn preflight(&self, wait: Option<Duration>) -> Report {
        let mut report = RawReport::new();
        let mut add = |pointer: &str, problem: Preflight, help: &'static str| {
            let fault = Diagnostic::new(problem).help(help);
            report.push(self.document().locate(fault, pointer, false));
        };
        for (pointer, problem, help) in self.folders() {
            add(pointer, problem, help);
        }
        if let Err(problem) = self.bindable() {
            let help = "choose an address of this machine and a free port";
            add("/grpc/server/listen", problem, help);
        }
        if let Some(wait) = wait {
            for (pointer, problem) in self.unanswered(wait) {
                let help =
                    "start the server, correct the address, or use `--offline` to connect to none";
                add(&pointer, problem, help);
            }
        }
        self.redact(report)
    }

    /// Folders that have to exist already.
    fn folders(&self) -> Vec<(&'static str, Preflight, &'static str)> {
        let text = |pointer: &str| self.value().pointer(pointer).and_then(Value::as_str);
        let mut wrong = Vec::new();
        if let (Some("redb"), Some(path)) = (text("/registry/provider"), text("/registry/path")) {
            let folder = Path::new(path).parent();
            let folder = folder.filter(|f| !f.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|f| !f.is_dir()) {
                let problem = Preflight::Folder {
                    folder: folder.display().to_string(),
                    is_of_store: true,
                };
                wrong.push(("/registry/path", problem, "create it, or give another path"));
            }
        }
        if let Some(path) = text("/app/tempdir").filter(|p| !Path::new(p).is_dir()) {
            let problem = Preflight::Folder {
                folder: path.to_owned(),
                is_of_store: false,
            };
            wrong.push(("/app/tempdir", problem, "create it, or leave the key out"));
        }
        wrong
    }

    /// Whether the server's address can be bound; the port is free again at once.
    fn bindable(&self) -> Result<(), Preflight> {
        let listen = self.value().pointer("/grpc/server/listen");
        let Some(listen) = listen.and_then(Value::as_str) else {
            return Ok(());
        };
        let bound = match ListenAddress::of(listen) {
            ListenAddress::Network(address) => std::net::TcpListener::bind(address).map(drop),
            ListenAddress::Unix(path) => unix_socket(path),
        };
        bound.map_err(|error| Preflight::Listen {
            address: listen.to_owned(),
            problem: error.to_string(),
        })
    }

    /// Servers in use that do not accept a connection, all tried at once.
    fn unanswered(&self, wait: Duration) -> Vec<(String, Preflight)> {
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
                let outcome = connect(&address, wait);
                let outcome = outcome.map_err(|problem| Preflight::Unanswered { address, problem });
                let _ = send.send((name, outcome));
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
        let late = open.into_iter().map(|(pointer, address)| {
            let problem = Unanswered::Late;
            (pointer, Preflight::Unanswered { address, problem })
        });
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
                Some("http") => Some(80),
                _ if pointer.starts_with("/health/") => Some(80),
                _ if pointer.starts_with("/tracer/") => Some(9411),
                _ if pointer.starts_with("/logger/elastic_search/") => Some(9200),
                _ => None,
            })
    }
}

/// Whether a socket can be made here. Nothing is: the folder is there, and nobody listens.
fn unix_socket(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    if !folder.is_dir() {
        let message = format!("the folder {} does not exist", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    #[cfg(unix)]
    if path.exists() && std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    Ok(())
}

/// Resolves a name and opens a connection to the first of its addresses that accepts one.
fn connect(address: &str, wait: Duration) -> Result<(), Unanswered> {
    let found: Vec<SocketAddr> = address
        .to_socket_addrs()
        .map_err(|_| Unanswered::NotResolved)?
        .collect();
    let mut last = Unanswered::NoAddress;
    for one in found {
        if one.port() == 0 {
            return Ok(());
        }
        match TcpStream::connect_timeout(&one, wait) {
            Ok(_) => return Ok(()),
            Err(error) => last = Unanswered::Refused(error.to_string()),
        }
    }
    Err(last)
}
