//! Destinations that are away, slow or wrong: calls go on, and what is lost is counted.

use std::{
    collections::HashSet,
    fs,
    time::{Duration, Instant},
};

use carml_test_servers::Server as Sink;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    server::{Reader, Server},
    support::{config, load, say, until},
    syslog::{marker, message, messages},
};

/// What a call may take, however the destinations are: this machine may be busy.
const SLOW: Duration = Duration::from_secs(2);

/// All destinations, at these addresses.
fn all(syslog: &str, elastic_search: &str, zipkin: &str) -> String {
    config(&format!(
        "logger:\n  queue: 1000\n  hooks: [syslog, elastic_search]\n  \
         syslog: {{ endpoint: 'tcp://{syslog}' }}\n  \
         elastic_search: {{ endpoints: ['{elastic_search}'] }}\n\
         tracer: {{ enabled: true, endpoints: ['{zipkin}'] }}\n"
    ))
}

/// The resident memory of the service in KiB.
fn memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let value = line.unwrap().split_whitespace().nth(1).unwrap();
    value.parse().unwrap()
}

/// The processor time that the service has used.
fn processor_time(server: &Server) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

async fn is_quick(server: &Server) {
    let begun = Instant::now();
    say(server, "hello").await;
    assert!(begun.elapsed() < SLOW, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_reader_that_stops_costs_lines_and_no_call() {
    const CALLS: usize = 4_000;
    let server = Server::with(&config("logger:\n  queue: 100\n"));
    load(&server, 80).await;
    for _ in 0..80 {
        server.call();
    }
    let before = memory(&server);
    server.reader(Reader::Stops);
    load(&server, CALLS).await;
    let more = memory(&server).saturating_sub(before);
    assert!(more < 16 << 10, "{more} KiB more");

    server.reader(Reader::Reads);
    let (mut lines, mut lost) = (0, 0);
    while lines + lost < CALLS {
        let line = server.line(|_| true);
        match line["target"].as_str().unwrap() {
            "carml::rpc" => lines += 1,
            "carml::log" => lost += line["fields"]["lost"].as_u64().unwrap() as usize,
            _ => {}
        }
    }
    assert!(lost > CALLS / 2, "{lost} of {CALLS} lost");
    assert_eq!(lines + lost, CALLS, "{lines} lines, and {lost} lost");
}

#[tokio::test]
async fn a_closed_standard_output_stops_nothing() {
    let server = Server::with(&config("logger:\n  queue: 100\n"));
    server.reader(Reader::Closes);
    load(&server, 400).await;
    let before = processor_time(&server);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let used = processor_time(&server) - before;
    assert!(used < Duration::from_millis(200), "{used:?} of two seconds");
    is_quick(&server).await;
}

#[tokio::test]
async fn a_destination_that_was_away_is_told_how_many_lines_are_lost() {
    const CALLS: usize = 400;
    let sink = Sink::started(&["rsyslog"]).await;
    let tcp = sink.about()["tcp"].as_str().unwrap();
    let server = Server::with(&config(&format!(
        "logger:\n  queue: 100\n  hooks: [syslog]\n  syslog: {{ endpoint: 'tcp://{tcp}' }}\n"
    )));
    say(&server, "hello").await;
    message(&sink, &marker(&server)).await;

    sink.kill(0);
    say(&server, "hello").await;
    let away = server.line(|line| line["target"] == "carml::log");
    assert_eq!(
        away["message"],
        "the log hook `syslog` is not available: trying again"
    );
    load(&server, CALLS).await;
    sink.restart(0);
    let back = server.line(|line| {
        line["message"]
            .as_str()
            .unwrap()
            .contains("is available again")
    });
    assert_eq!(back["level"], "INFO", "{back}");
    let has_lost = |line: &Value| line["fields"]["lost"].is_u64();
    let is_of_hook = |line: &Value| line["message"].as_str().unwrap().contains("syslog");
    let lost = server.line(|line| has_lost(line) && is_of_hook(line));
    let lost = lost["fields"]["lost"].as_u64().unwrap() as usize;
    assert!(lost > CALLS / 2, "{lost} of {CALLS}");
    // It is told to the destination too, and nothing is lost that is not counted.
    message(&sink, &format!("lost={lost}")).await;
    until("the lines", async || {
        let messages = messages(&sink);
        let calls = messages
            .iter()
            .filter(|message| message["id"] == "carml::rpc");
        let calls: HashSet<&str> = calls
            .map(|message| message["raw"].as_str().unwrap())
            .collect();
        // The line that says that it is back may be one of the lost.
        matches!(calls.len() + lost - CALLS, 2 | 3).then_some(())
    })
    .await;
}

#[tokio::test]
async fn frozen_destinations_delay_neither_calls_nor_the_end() {
    let mut frozen = Vec::new();
    for _ in 0..3 {
        // The kernel accepts; nobody reads.
        frozen.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
    }
    let address = |n: usize| frozen[n].local_addr().unwrap().to_string();
    let server = Server::with(&all(&address(0), &address(1), &address(2)));
    load(&server, 400).await;
    is_quick(&server).await;
    // Its lines and spans are on their way.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    is_quick(&server).await;
    let begun = Instant::now();
    server.signal("TERM");
    let end = server.end().await;
    assert_eq!(end.code, Some(0), "{end:?}");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2) + SLOW, "{took:?}");
}

/// Answers each request with this, and says nothing else.
async fn answers(with: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    if stream.write_all(with).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn destinations_that_answer_garbage_are_said_once_each() {
    for answer in [
        &b"garbage\r\n\r\n"[..],
        b"HTTP/1.1 500 Down\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n<html/>",
        b"HTTP/1.1 429 Later\r\ncontent-length: 0\r\n\r\n",
    ] {
        let (elastic, zipkin) = (answers(answer).await, answers(answer).await);
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let syslog = gone.local_addr().unwrap().to_string();
        drop(gone);
        let server = Server::with(&all(&syslog, &elastic, &zipkin));
        load(&server, 400).await;
        is_quick(&server).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        say(&server, "panic").await;
        let mut said: Vec<Value> = Vec::new();
        let mut is_over = false;
        while !is_over {
            let line = server.line(|_| true);
            is_over = line["target"] == "carml::panic";
            if line["target"].as_str().unwrap().starts_with("carml::log") {
                said.push(line);
            }
        }
        let about = |name: &str| {
            let said = said
                .iter()
                .filter(|line| line["fields"]["reason"].is_string());
            let said = said.filter(|line| line["message"].as_str().unwrap().contains(name));
            said.count()
        };
        assert_eq!(about("`syslog`"), 1, "{said:#?}");
        assert_eq!(about("`elastic_search`"), 1, "{said:#?}");
        // It takes any answer of success.
        let zipkin = usize::from(!answer.starts_with(b"HTTP/1.1 200"));
        assert_eq!(about("`zipkin`"), zipkin, "{said:#?}");
    }
}

#[tokio::test]
async fn the_stack_of_a_panic_keeps_little_memory() {
    let server = Server::with(&config(""));
    load(&server, 80).await;
    let before = memory(&server);
    for _ in 0..3 {
        say(&server, "panic").await;
        let panic = server.line(|line| line["target"] == "carml::panic");
        assert!(
            panic["fields"]["exception.stacktrace"].is_string(),
            "{panic}"
        );
    }
    let more = memory(&server).saturating_sub(before);
    assert!(more < 32 << 10, "{more} KiB more");
}
