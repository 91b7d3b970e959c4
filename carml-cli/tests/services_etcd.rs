//! Registration in a real etcd, by a process that is killed and drained, while etcd is killed, frozen
//! and restarted; and together with Go programs that use etcd's own packages.
#![cfg(all(unix, feature = "etcd"))]
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use carml_test_conformance::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

const SERVICE: &str = "carml.kv.v1.KeyValue";
const TTL: Duration = Duration::from_secs(4);
const LIMIT: Duration = Duration::from_secs(30);

/// An etcd, and a config that registers in it.
struct Registry {
    etcd: Server,
    folder: TempDir,
}

impl Registry {
    fn start() -> Registry {
        let registry = Registry {
            etcd: Server::start(&["etcd"]),
            folder: tempfile::tempdir().unwrap(),
        };
        let config = format!(
            "registry:\n  provider: etcd\n  endpoints: ['{}']\n  timeout: 2s\n  discovery:\n    \
             register: true\n    ttl: {}s\n    metadata:\n      zone: a\ngrpc:\n  server:\n    \
             listen: 127.0.0.1:0\n    shutdown:\n      settle: 2s\n",
            registry.endpoint(),
            TTL.as_secs()
        );
        fs::write(registry.config(), config).unwrap();
        registry
    }

    fn endpoint(&self) -> String {
        self.etcd.endpoints()[0].clone()
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("carml.yml")
    }

    fn carml(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carml"));
        command.args(arguments).arg("--config").arg(self.config());
        command
    }

    /// The addresses of the service.
    fn addresses(&self) -> Vec<String> {
        let found = self
            .carml(&["services", "resolve", SERVICE])
            .output()
            .unwrap();
        let text = String::from_utf8(found.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn wait_for(&self, expected: &[String]) {
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
struct Service {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Service {
    fn start(registry: &Registry) -> Service {
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

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// The lines of the log about the registration, as level and message.
    fn registration_lines(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap();
        let lines = log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines = lines.filter(|line| line["target"] == "carml_discovery::registrar");
        let text = |line: Value| {
            let message = line["fields"]["message"].as_str().unwrap().to_owned();
            format!("{} {message}", line["level"].as_str().unwrap())
        };
        lines.map(text).collect()
    }

    fn wait_for_lines(&self, expected: &[&str]) {
        let start = Instant::now();
        while self.registration_lines() != expected {
            let lines = self.registration_lines();
            assert!(start.elapsed() < LIMIT, "{lines:#?}, {expected:#?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    async fn health(&self, name: &str) -> Result<i32, tonic::Code> {
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
struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    fn start(registry: &Registry) -> Watch {
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
    fn next(&mut self) -> (String, Vec<String>) {
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

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_registered_while_it_serves_and_gone_before_it_stops_accepting() {
    let registry = Registry::start();
    assert_eq!(registry.addresses(), [""; 0]);
    let mut service = Service::start(&registry);
    let address = service.address.to_string();
    registry.wait_for(std::slice::from_ref(&address));
    assert_eq!(service.health("carml.registration").await, Ok(SERVING));

    // Exactly what etcd's own packages write.
    let etcdctl = |arguments: &[&str]| {
        let mut command = Command::new("etcdctl");
        command
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &registry.endpoint()]);
        String::from_utf8(command.args(arguments).output().unwrap().stdout).unwrap()
    };
    let key = format!("{SERVICE}/{address}");
    let value = etcdctl(&["get", "--print-value-only", &key]);
    let expected = format!(r#"{{"Op":0,"Addr":"{address}","Metadata":{{"zone":"a"}}}}"#);
    assert_eq!(value.trim(), expected);

    let listed = registry
        .carml(&["services", "list", "--format", "json"])
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let metadata = json!({"zone": "a"});
    assert_eq!(
        listed,
        json!([{"service": SERVICE, "address": address, "metadata": metadata}])
    );

    service.signal("TERM");
    registry.wait_for(&[]);
    // It still serves, for those that have its address.
    assert_eq!(service.health(SERVICE).await, Ok(NOT_SERVING));
    assert_eq!(service.health("carml.registration").await, Ok(NOT_SERVING));
    assert!(service.child.wait().unwrap().success());
    let lines = ["INFO registered", "INFO registration ended"];
    assert_eq!(service.registration_lines(), lines);
}

#[test]
fn a_killed_service_is_gone_after_its_ttl_and_not_before() {
    let registry = Registry::start();
    let mut watch = Watch::start(&registry);
    assert_eq!(watch.next(), ("current".to_owned(), vec![]));
    let service = Service::start(&registry);
    let address = service.address.to_string();
    assert_eq!(watch.next(), ("current".to_owned(), vec![address]));
    let killed = Instant::now();
    service.signal("KILL");
    assert_eq!(watch.next(), ("current".to_owned(), vec![]));
    let lived = killed.elapsed();
    // It was renewed up to a third of its ttl before.
    assert!(lived > TTL / 2 && lived < TTL * 3, "{lived:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_etcd_that_was_away_for_longer_than_the_ttl_gets_the_entry_again() {
    let registry = Registry::start();
    let service = Service::start(&registry);
    let address = service.address.to_string();
    registry.wait_for(std::slice::from_ref(&address));
    let mut watch = Watch::start(&registry);
    let current = ("current".to_owned(), vec![address.clone()]);
    let stale = ("stale".to_owned(), vec![address.clone()]);
    assert_eq!(watch.next(), current);

    let mut lines = vec!["INFO registered"];
    for fault in ["kill", "freeze"] {
        match fault {
            "kill" => registry.etcd.kill(0),
            _ => registry.etcd.freeze(0),
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
            "kill" => registry.etcd.restart(0),
            _ => registry.etcd.thaw(0),
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

/// The processor time that the process has used.
fn cpu(service: &Service) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", service.child.id())).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// The program that `tests/servers/install etcd-naming` builds.
fn go(arguments: &[&str]) -> Command {
    let store = std::env::var("CARML_SERVERS");
    let store = store.unwrap_or_else(|_| "/var/cache/carml-test-servers".to_owned());
    let mut command = Command::new(PathBuf::from(store).join("etcd-naming/etcd-naming"));
    command.args(arguments);
    command
}

#[test]
fn go_programs_with_etcds_own_packages_find_a_service_and_are_found() {
    let registry = Registry::start();
    let service = Service::start(&registry);
    let address = service.address.to_string();
    registry.wait_for(std::slice::from_ref(&address));
    let called = go(&["call", &registry.endpoint(), SERVICE]).output();
    let called = called.expect("`tests/servers/install etcd-naming` was run");
    assert_eq!(
        stdout(&called),
        format!("{address} SERVING\n"),
        "{called:?}"
    );

    let mut other = go(&["serve", &registry.endpoint(), "demo.v1.Go"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    let other_address = lines.next().unwrap().unwrap();
    let arguments = ["services", "resolve", "demo.v1.Go", "--format", "json"];
    let found = registry.carml(&arguments).output().unwrap();
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    let metadata = json!({"language": "go"});
    assert_eq!(
        found,
        json!([{"address": other_address, "metadata": metadata}])
    );
    let listed = registry.carml(&["services", "list"]).output().unwrap();
    let expected = format!(
        "{SERVICE}  {address:15}  {{\"zone\":\"a\"}}\ndemo.v1.Go            {other_address:15}  {{\"language\":\"go\"}}\n"
    );
    assert_eq!(stdout(&listed), expected);

    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    let found = registry.carml(&arguments).output().unwrap();
    assert_eq!(
        (found.status.code(), stdout(&found)),
        (Some(1), "[]\n".to_owned())
    );
    let said = String::from_utf8(found.stderr).unwrap();
    assert!(
        said.contains("no instance of `demo.v1.Go` is registered"),
        "{said}"
    );
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
