//! Options of middlewares for single methods.
#![allow(clippy::unwrap_used)]

mod support;

use carml_runtime::grpc::{FileDescriptors as _, Methods, Place, chain::Chain, chain::Item};
use carml_telemetry::metrics::Metrics;
use carml_test_e2e::{Parrot, proto::carml::test::v1::EchoServer, slow};
use serde_json::{Value, json};
use support::{Client, line, list, serve};
use tonic::Code;

const SERVICE: &str = "carml.test.v1.Echo";

/// The name of a method, or of all methods of the service.
fn named(method: Option<&str>) -> Value {
    match method {
        Some(method) => json!([{ "service": SERVICE, "method": method }]),
        None => json!([{ "service": SERVICE }]),
    }
}

/// How a call of `Say` ends.
async fn say(client: &mut Client, text: &str) -> Code {
    let ended = client.say(line(text, 0)).await;
    ended.map_or_else(|status| status.code(), |_| Code::Ok)
}

/// How a call of `Join` ends, which has one message.
async fn join(client: &mut Client, text: &str) -> Code {
    let ended = client.join(tokio_stream::once(line(text, 0))).await;
    ended.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test]
async fn the_most_specific_name_decides_on_a_timeout() {
    let late = Code::DeadlineExceeded;
    for (timeout, said, joined) in [
        (
            json!({ "methods": [{ "name": named(Some("Say")), "timeout": "50ms" }] }),
            late,
            Code::Ok,
        ),
        (
            json!({ "default": "50ms", "methods": [{ "name": named(Some("Say")), "timeout": "30s" }] }),
            Code::Ok,
            late,
        ),
        (
            json!({ "methods": [
                { "name": [{}], "timeout": "50ms" },
                { "name": named(None), "timeout": "30s" },
                { "name": named(Some("Join")), "timeout": "50ms" },
            ] }),
            Code::Ok,
            late,
        ),
        (json!("50ms"), late, late),
    ] {
        let mut client = serve(json!([{ "timeout": timeout.clone() }])).await;
        let code = |ended: Result<_, tonic::Status>| ended.map_or_else(|s| s.code(), |()| Code::Ok);
        let say = code(client.say(slow(300)).await.map(drop));
        let join = code(client.join(tokio_stream::once(slow(300))).await.map(drop));
        assert_eq!((say, join), (said, joined), "{timeout}");
    }
}

#[tokio::test]
async fn methods_have_sizes_of_their_own_each_way() {
    let sizes = json!({ "receive": "1kb", "methods": [
        { "name": named(Some("Join")), "receive": "1mb" },
        { "name": named(Some("Repeat")), "send": "10b" },
    ] });
    let mut client = serve(json!([{ "max_message_size": sizes }])).await;
    let long = "x".repeat(2_000);
    assert_eq!(say(&mut client, &long).await, Code::ResourceExhausted);
    assert_eq!(join(&mut client, &long).await, Code::Ok);
    // Without `send`, answers are not limited.
    let grown = client.say(line("grow", 100_000)).await.unwrap();
    assert_eq!(grown.into_inner().text.len(), 100_000);
    let mut stream = client.repeat(line("grow", 3)).await.unwrap().into_inner();
    let ended = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    assert_eq!(ended.unwrap_err().code(), Code::ResourceExhausted);
    // What an entry leaves out is that of all methods.
    let ended = client.repeat(line(&long, 0)).await;
    let code = match ended {
        Ok(stream) => stream.into_inner().message().await.unwrap_err().code(),
        Err(status) => status.code(),
    };
    assert_eq!(code, Code::ResourceExhausted);
}

#[tokio::test]
async fn the_calls_of_an_entry_count_together_and_for_nothing_else() {
    let entry = |key: &str, value: Value| json!([{ "name": named(Some("Say")), key: value }]);
    for limit in [
        json!({ "rate_limit": { "rate": "1000/s", "methods": entry("rate", json!("1/h")) } }),
        json!({ "rate_limit": {
            "rate": "1000/s", "key": "peer", "methods": entry("rate", json!("1/h")),
        } }),
    ] {
        let mut client = serve(json!([limit.clone()])).await;
        assert_eq!(say(&mut client, "first").await, Code::Ok, "{limit}");
        assert_eq!(say(&mut client, "second").await, Code::ResourceExhausted);
        assert_eq!(join(&mut client, "another method").await, Code::Ok);
    }
    let limit = json!({ "concurrency_limit": { "max": 100, "methods": entry("max", json!(1)) } });
    let mut client = serve(json!([limit])).await;
    let mut other = client.clone();
    let first = tokio::spawn(async move { other.say(slow(1_000)).await });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(say(&mut client, "second").await, Code::ResourceExhausted);
    assert_eq!(join(&mut client, "another method").await, Code::Ok);
    first.await.unwrap().unwrap();
    assert_eq!(say(&mut client, "third").await, Code::Ok);
}

/// What a list is refused for, with the place.
fn refused(item: &Value) -> (String, String) {
    let methods = Methods::of([EchoServer::<Parrot>::FILE_DESCRIPTOR_SET]);
    let items = list(json!([item])).into_iter().map(Item::BuiltIn).collect();
    let problems = Chain::compile_items(items, &Place::new(methods, Metrics::default()));
    let problems = problems.unwrap_err();
    let problem = problems.iter().next().unwrap();
    (problem.pointer(), problem.to_string())
}

#[test]
fn names_are_checked_against_the_services() {
    let misspelt = json!([{}, { "service": SERVICE, "method": "Sai" }]);
    for (name, entry) in [
        ("timeout", json!({ "name": misspelt, "timeout": "1s" })),
        (
            "max_message_size",
            json!({ "name": misspelt, "receive": "1kb" }),
        ),
        ("concurrency_limit", json!({ "name": misspelt, "max": 1 })),
        ("rate_limit", json!({ "name": misspelt, "rate": "1/s" })),
    ] {
        let mut options = json!({ "methods": [entry] });
        match name {
            "concurrency_limit" => options["max"] = json!(1),
            "rate_limit" => options["rate"] = json!("1/s"),
            _ => {}
        }
        let (pointer, message) = refused(&json!({ name: options }));
        assert_eq!(pointer, format!("/0/{name}/methods/0/name/1"));
        assert!(message.contains("carml.test.v1.Echo/Say"), "{message}");
    }
    let twice = json!({ "name": [{}, {}], "timeout": "1s" });
    let (pointer, message) = refused(&json!({ "timeout": { "methods": [twice] } }));
    assert_eq!(pointer, "/0/timeout/methods/0/name/1");
    assert!(message.contains("another entry"), "{message}");
}

#[test]
fn a_zero_is_refused_wherever_it_is() {
    for item in [
        json!({ "timeout": { "default": "0s" } }),
        json!({ "timeout": { "methods": [{ "name": [{}], "timeout": "0s" }] } }),
        json!({ "max_message_size": { "send": "0b" } }),
        json!({ "max_message_size": { "methods": [{ "name": [{}], "receive": "0b" }] } }),
    ] {
        let (_, message) = refused(&item);
        assert!(message.contains('0'), "{item}: {message}");
    }
}

#[test]
fn identities_need_auth_before_them() {
    let limit = json!({ "rate_limit": { "rate": "1/s", "key": "identity" } });
    let (pointer, message) = refused(&limit);
    assert_eq!(pointer, "/0/rate_limit/key");
    assert!(
        message.contains("put `auth` before `rate_limit`"),
        "{message}"
    );
}
