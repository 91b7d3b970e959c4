//! A registry, a process that registers itself in it, and what is found there.

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines, Read as _},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use carml_test_conformance::Server;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const SERVICE: &str = "carml.kv.v1.KeyValue";
pub(crate) const TTL: Duration = Duration::from_secs(4);
const LIMIT: Duration = Duration::from_secs(30);

/// A server, and a config that registers in it.
pub(crate) struct Registry {
    pub(crate) server: Server,
    folder: TempDir,
}

impl Registry {
    /// A server of this provider, with one node.
    pub(crate) fn start(provider: &str) -> Registry {
        Registry::with_prefix(provider, "")
    }

    /// With a directory for all entries.
    pub(crate) fn with_prefix(provider: &str, prefix: &str) -> Registry {
        let registry = Registry {
            server: Server::start(&[provider]),
            folder: tempfile::tempdir().unwrap(),
        };
        let (endpoint, ttl) = (registry.endpoint(), TTL.as_secs());
        let config = format!(
            "registry:\n  provider: {provider}\n  endpoints: ['{endpoint}']\n  timeout: 2s\n  \
             discovery:\n    register: true\n    prefix: '{prefix}'\n    ttl: {ttl}s\n    \
             metadata:\n      zone: a\ngrpc:\n  server:\n    listen: 127.0.0.1:0\n    \
             shutdown:\n      settle: 2s\n"
        );
        fs::write(registry.config(), config).unwrap();
        registry
    }

    pub(crate) fn endpoint(&self) -> String {
        self.server.endpoints()[0].clone()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("carml.yml")
    }

    pub(crate) fn carml(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carml"));
        command.args(arguments).arg("--config").arg(self.config());
        command
    }

    /// The addresses of the service.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let found = self
            .carml(&["services", "resolve", SERVICE])
            .output()
            .unwrap();
        let text = String::from_utf8(found.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    pub(crate) fn wait_for(&self, expected: &[String]) {
        let start = Instant::now();
        while self.addresses() != expected {
            assert!(
                start.elapsed() < LIMIT,
                "{:?}, {expected:?}",
                self.addresses()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A service that registers itself: `carml kv serve`.
pub(crate) struct Service {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Service {
    pub(crate) fn start(registry: &Registry) -> Service {
        let log = registry.folder.path().join("log");
        let mut child = registry
            .carml(&["kv", "serve"])
            .stdout(fs::File::create(&log).unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        let address = err.lines().find_map(|line| {
            let line = line.unwrap();
            let (_, address) = line.split_once(" is served on ")?;
            Some(address.parse().unwrap())
        });
        let Some(address) = address else {
            panic!("{}", fs::read_to_string(&log).unwrap());
        };
        Service {
            child,
            address,
            log,
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// The lines of the log about the registration, as level and message.
    pub(crate) fn registration_lines(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap();
        let lines = log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines = lines.filter(|line| line["target"] == "carml_discovery::registrar");
        let text = |line: Value| {
            let message = line["message"].as_str().unwrap().to_owned();
            format!("{} {message}", line["level"].as_str().unwrap())
        };
        lines.map(text).collect()
    }

    pub(crate) fn wait_for_lines(&self, expected: &[&str]) {
        let start = Instant::now();
        while self.registration_lines() != expected {
            let lines = self.registration_lines();
            let log = || fs::read_to_string(&self.log).unwrap();
            assert!(
                start.elapsed() < LIMIT,
                "{lines:#?}, {expected:#?}\n{}",
                log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) async fn health(&self, name: &str) -> Result<i32, tonic::Code> {
        let url = format!("http://{}", self.address);
        let channel = tonic::transport::Endpoint::from_shared(url).unwrap();
        let channel = channel.connect().await.unwrap();
        let mut client = tonic_health::pb::health_client::HealthClient::new(channel);
        let request = tonic_health::pb::HealthCheckRequest {
            service: name.to_owned(),
        };
        let answer = client.check(request).await;
        answer
            .map(|answer| answer.into_inner().status)
            .map_err(|status| status.code())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `carml services watch`, line by line.
pub(crate) struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    pub(crate) fn start(registry: &Registry) -> Watch {
        let arguments = ["services", "watch", SERVICE, "--format", "json"];
        let mut child = registry
            .carml(&arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Watch { child, lines }
    }

    /// The state and the addresses of the next line.
    pub(crate) fn next(&mut self) -> (String, Vec<String>) {
        let line: Value = serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap();
        let instances = line["instances"].as_array().unwrap().iter();
        let addresses = instances.map(|one| one["address"].as_str().unwrap().to_owned());
        (
            line["state"].as_str().unwrap().to_owned(),
            addresses.collect(),
        )
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) const SERVING: i32 = 1;
pub(crate) const NOT_SERVING: i32 = 2;

/// A killed service is gone after its ttl, and not before.
pub(crate) fn check_kill(registry: &Registry) {
    let mut watch = Watch::start(registry);
    assert_eq!(watch.next(), ("current".to_owned(), vec![]));
    let service = Service::start(registry);
    let address = service.address.to_string();
    assert_eq!(watch.next(), ("current".to_owned(), vec![address]));
    let killed = Instant::now();
    service.signal("KILL");
    assert_eq!(watch.next(), ("current".to_owned(), vec![]));
    let lived = killed.elapsed();
    // It was renewed up to a third of its ttl before.
    assert!(lived > TTL / 2 && lived < TTL * 3, "{lived:?}");
}

/// A server that was away for longer than the ttl gets the entry again.
pub(crate) async fn check_outages(registry: &Registry) {
    let service = Service::start(registry);
    let address = service.address.to_string();
    registry.wait_for(std::slice::from_ref(&address));
    let mut watch = Watch::start(registry);
    let current = ("current".to_owned(), vec![address.clone()]);
    let stale = ("stale".to_owned(), vec![address.clone()]);
    assert_eq!(watch.next(), current);

    let mut lines = vec!["INFO registered"];
    for fault in ["kill", "freeze"] {
        match fault {
            "kill" => registry.server.kill(0),
            _ => registry.server.freeze(0),
        }
        lines.push("WARN not registered: trying again");
        service.wait_for_lines(&lines);
        let health = service.health("carml.registration").await;
        assert_eq!(health, Ok(NOT_SERVING), "{fault}");
        assert_eq!(service.health("").await, Ok(SERVING), "{fault}");
        assert_eq!(watch.next(), stale, "{fault}");
        // Neither a busy loop nor a line per attempt.
        let before = cpu(&service);
        std::thread::sleep(TTL);
        assert!(
            cpu(&service) - before < Duration::from_millis(500),
            "{fault}"
        );
        match fault {
            "kill" => registry.server.restart(0),
            _ => registry.server.thaw(0),
        }
        lines.push("INFO registered");
        service.wait_for_lines(&lines);
        assert_eq!(watch.next(), current, "{fault}");
        registry.wait_for(std::slice::from_ref(&address));
    }
    // The entry stays: the lease of the first one does not take it away.
    std::thread::sleep(TTL);
    assert_eq!(registry.addresses(), [address]);
    assert_eq!(service.registration_lines(), lines);
}

/// A process that was stopped for longer than its leases last registers itself again, and knows that it
/// has lost its lock.
pub(crate) async fn check_pause(registry: &Registry) {
    let service = Service::start(registry);
    let address = [service.address.to_string()];
    registry.wait_for(&address);
    let lock = |command: &[&str]| {
        let mut carml = registry.carml(&["kv"]);
        carml.args(["lock", "j", "--"]).args(command);
        carml
    };
    let held = registry.folder.path().join("held");
    let hold = format!("touch {}; exec sleep 600", held.display());
    let mut holder = lock(&["sh", "-c", &hold])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !held.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }

    service.signal("STOP");
    signal(&holder, "STOP");
    registry.wait_for(&[]);
    let second = lock(&["true"]).output().unwrap();
    assert!(second.status.success(), "{second:?}");

    service.signal("CONT");
    signal(&holder, "CONT");
    let mut said = String::new();
    let stderr = holder.stderr.as_mut().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(holder.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.contains("the lock was lost"), "{said}");
    registry.wait_for(&address);
    assert_eq!(service.health("carml.registration").await, Ok(SERVING));
}

/// A program of another language that `tests/servers/install` builds, or its folder.
pub(crate) fn installed(name: &str) -> PathBuf {
    let store = std::env::var("CARML_SERVERS");
    let store = store.unwrap_or_else(|_| "/var/cache/carml-test-servers".to_owned());
    let path = PathBuf::from(store).join(name);
    assert!(
        path.exists(),
        "`tests/servers/install` was not run: {path:?}"
    );
    path
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.unwrap().success());
}

/// The processor time that the process has used.
fn cpu(service: &Service) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", service.child.id())).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
