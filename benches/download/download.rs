//! The download manager against curl, aria2 and plain reqwest, in one run on one machine.
//!
//! nginx serves a file of `BENCH_MB` (1024) from memory over loopback; `BENCH_ROUNDS` (5) rounds, in
//! turn, so that all meet the same noise. Times are medians; processor time is that of the client.
//! `tests/servers/install downloads` installs nginx, curl and aria2. Three times the file has to fit
//! into `/dev/shm`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use carml_download::{Downloads, Options, Proxy, Request};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What one program does in each round.
type Case<'a> = Box<dyn Fn() + 'a>;

#[derive(Clone, Copy, Default)]
struct Cost {
    wall: f64,
    cpu: f64,
}

fn number(name: &str, default: usize) -> usize {
    env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Processor seconds of this process and the children that it waited for.
fn cpu() -> f64 {
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11..15]
        .iter()
        .map(|field| field.parse::<f64>().unwrap())
        .sum();
    ticks / TICKS
}

fn measured(run: impl FnOnce()) -> Cost {
    let (start, before) = (Instant::now(), cpu());
    run();
    Cost {
        wall: start.elapsed().as_secs_f64(),
        cpu: cpu() - before,
    }
}

fn median(costs: &[Cost]) -> Cost {
    let of = |get: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(get).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Cost {
        wall: of(|cost| cost.wall),
        cpu: of(|cost| cost.cpu),
    }
}

struct Nginx(Child);

impl Nginx {
    fn start(folder: &Path) -> Option<(Self, String)> {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "daemon off; worker_processes 1; pid {0}/pid; error_log {0}/log;\n\
             events {{}}\n\
             http {{ access_log off; sendfile on; client_body_temp_path {0}/t1;\n\
             proxy_temp_path {0}/t2; fastcgi_temp_path {0}/t3; uwsgi_temp_path {0}/t4;\n\
             scgi_temp_path {0}/t5;\n\
             server {{ listen 127.0.0.1:{port}; root {0}; }} }}\n",
            folder.display()
        );
        fs::write(folder.join("nginx.conf"), config).unwrap();
        let child = Command::new("nginx")
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .arg("-e")
            .arg(folder.join("log"))
            .stderr(Stdio::null())
            .spawn();
        let server = Self(child.ok()?);
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some((server, format!("http://127.0.0.1:{port}/file")));
            }
            thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its worker ends with it.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "{program}");
}

fn has(program: &str) -> bool {
    let probe = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}

fn options(directory: &Path, connections: usize) -> Options {
    let mut options = Options::new(directory);
    options.proxy = Proxy::Off;
    options.connections = connections;
    options.durable = false;
    options.cache_min_free = 0;
    options
}

fn carml(runtime: &Runtime, folder: &Path, url: &str, connections: usize, sha256: Option<&str>) {
    let cache = TempDir::new_in(folder).unwrap();
    let downloads = Downloads::open(&options(cache.path(), connections)).unwrap();
    let mut request = Request::new(url);
    if let Some(sha256) = sha256 {
        request = request.sha256(sha256);
    }
    runtime.block_on(downloads.fetch(request)).unwrap();
}

fn plain_reqwest(runtime: &Runtime, url: &str) {
    let provider = rustls::crypto::ring::default_provider();
    let _ = provider.install_default();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut response = client.get(url).send().await.unwrap();
        while response.chunk().await.unwrap().is_some() {}
    });
}

/// As many bytes as the file has, from a buffer, by the library that the download manager uses.
fn hash(megabytes: usize) {
    let block = vec![7_u8; 1 << 20];
    let mut sum = ring::digest::Context::new(&ring::digest::SHA256);
    for _ in 0..megabytes {
        sum.update(&block);
    }
    std::hint::black_box(sum.finish());
}

/// The largest amount of memory that this process had, in MiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024.0
}

fn main() {
    let megabytes = number("BENCH_MB", 1024);
    let rounds = number("BENCH_ROUNDS", 5);
    let memory = PathBuf::from("/dev/shm");
    let memory = if memory.is_dir() {
        memory
    } else {
        env::temp_dir()
    };
    let folder = TempDir::new_in(memory).unwrap();
    let folder = folder.path();
    // nginx gives up root's rights.
    run("chmod", &["755", folder.to_str().unwrap()]);
    let file = folder.join("file");
    run(
        "sh",
        &[
            "-c",
            &format!("head -c {megabytes}M /dev/urandom > {}", file.display()),
        ],
    );
    let sum = Command::new("sha256sum").arg(&file).output().unwrap();
    let sha256 = String::from_utf8(sum.stdout).unwrap()[..64].to_owned();
    let Some((_nginx, url)) = Nginx::start(folder) else {
        println!("nginx is needed, and does not start");
        return;
    };
    let runtime = Runtime::new().unwrap();
    let target = folder.join("target");
    let target_text = target.display().to_string();
    let checksum = format!("sha-256={sha256}");
    let folder_text = folder.display().to_string();
    let aria2 = [
        "--quiet",
        "--allow-overwrite=true",
        "--file-allocation=none",
        "--checksum",
        &checksum,
        "-d",
        &folder_text,
        "-o",
        "target",
        &url,
    ];
    let mut cases: Vec<(&str, Case<'_>)> = vec![
        (
            "curl, to a file",
            Box::new(|| run("curl", &["-s", "-o", &target_text, &url])),
        ),
        (
            "curl, to nowhere",
            Box::new(|| run("curl", &["-s", "-o", "/dev/null", &url])),
        ),
        ("sha256 alone", Box::new(|| hash(megabytes))),
        (
            "reqwest, to nowhere",
            Box::new(|| plain_reqwest(&runtime, &url)),
        ),
        (
            "carml, 1 connection",
            Box::new(|| carml(&runtime, folder, &url, 1, None)),
        ),
        (
            "carml, 1, checksum",
            Box::new(|| carml(&runtime, folder, &url, 1, Some(&sha256))),
        ),
        (
            "carml, 4, checksum",
            Box::new(|| carml(&runtime, folder, &url, 4, Some(&sha256))),
        ),
    ];
    match has("aria2c") {
        true => cases.push(("aria2, checksum", Box::new(|| run("aria2c", &aria2)))),
        false => println!("aria2 is not installed: it is left out"),
    }
    let mut costs = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for ((_, case), costs) in cases.iter().zip(&mut costs) {
            costs.push(measured(case));
        }
    }
    println!("{megabytes} MiB over loopback, medians of {rounds} rounds\n");
    println!("{:24} {:>8} {:>8}", "", "wall s", "cpu s");
    let medians: Vec<Cost> = costs.iter().map(|costs| median(costs)).collect();
    for ((name, _), cost) in cases.iter().zip(&medians) {
        println!("{name:24} {:8.2} {:8.2}", cost.wall, cost.cpu);
    }
    let of = |name: &str| {
        let found = cases.iter().position(|(known, _)| *known == name);
        found.map(|n| medians[n])
    };
    let get = |name| of(name).unwrap();
    let (curl, hash, mine) = (
        get("curl, to a file"),
        get("sha256 alone"),
        get("carml, 1, checksum"),
    );
    println!("\nratio                                                       found    goal");
    let print = |what: &str, ratio: f64, goal: &str| println!("{what:58} {ratio:6.2}  {goal}");
    print(
        "wall: carml with sha256 / the slower of curl and sha256",
        mine.wall / curl.wall.max(hash.wall),
        "<= 1.10",
    );
    print(
        "cpu: carml with sha256 / curl and sha256",
        mine.cpu / (curl.cpu + hash.cpu),
        "<= 1.10",
    );
    // A file of the cache is always hashed: without a checksum, only the client can be compared.
    print(
        "throughput: reqwest, which carml uses / curl, to nowhere",
        get("curl, to nowhere").wall / get("reqwest, to nowhere").wall,
        ">= 0.95",
    );
    print(
        "throughput: carml, 1 connection, no checksum / curl",
        curl.wall / get("carml, 1 connection").wall,
        "(0.72: the hash is the limit)",
    );
    print(
        "wall: carml, 4 connections / 1",
        get("carml, 4, checksum").wall / mine.wall,
        "",
    );
    if let Some(aria2) = of("aria2, checksum") {
        print(
            "throughput: carml with sha256 / aria2 with sha256",
            aria2.wall / mine.wall,
            ">= 2.0",
        );
    }
    let cache = TempDir::new_in(folder).unwrap();
    let downloads = Downloads::open(&options(cache.path(), 1)).unwrap();
    let request = || Request::new(&url).sha256(&sha256);
    runtime.block_on(downloads.fetch(request())).unwrap();
    let hits = 100;
    let hit = measured(|| {
        for _ in 0..hits {
            runtime.block_on(downloads.fetch(request())).unwrap();
        }
    });
    print(
        "a cache hit, in ms",
        hit.wall * 1000.0 / f64::from(hits),
        "<= 1",
    );
    print("most memory of this process, in MiB", peak(), "<= 64");
}
