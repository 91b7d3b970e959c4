//! What an operator sees of the middleware list.
#![allow(clippy::unwrap_used)]

mod support;

use carml_runtime::{
    Service as _,
    grpc::chain::{Chain, ChainLayer},
};
use carml_test_e2e::{
    Parrot,
    proto::carml::test::v1::{EchoClient, Line},
};
use futures_util::stream;
use serde_json::json;
use support::{Log, line, serve};
use tonic::Code;
use tower_layer::Layer as _;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn traced(text: &str) -> tonic::Request<Line> {
    let mut request = tonic::Request::new(line(text, 3));
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    request
        .metadata_mut()
        .insert("traceparent", parent.parse().unwrap());
    request
}

#[tokio::test]
async fn a_line_is_in_the_span_of_its_call_in_any_order() {
    for list in [
        json!(["tracing", "logging"]),
        json!(["logging", "tracing"]),
        json!(["recover", "logging", "tracing"]),
    ] {
        let (log, _guard) = Log::capture();
        let mut client = serve(list.clone()).await;
        client.say(traced("hello")).await.unwrap();
        let event = log.call().await;
        assert_eq!(event["span"]["trace_id"], TRACE, "{list}: {event}");
        assert_eq!(event["span"]["span_id"].as_str().map(str::len), Some(16));
        assert_eq!(event["span"]["trace_flags"], "01");
        let fields = &event["fields"];
        assert_eq!(fields["rpc.method"], "carml.test.v1.Echo/Say");
        assert_eq!(fields["rpc.status_code"], "OK");
        assert_eq!(fields["network.peer.address"], "127.0.0.1");
        assert!(fields["network.peer.port"].is_u64(), "{event}");
        assert_eq!(fields["server.address"], "127.0.0.1");
        assert!(fields["server.port"].is_u64(), "{event}");
    }
}

#[tokio::test]
async fn a_status_that_is_no_error_of_the_server_has_no_error_type() {
    for (text, code, error) in [
        ("", "INVALID_ARGUMENT", json!(null)),
        ("panic", "INTERNAL", json!("INTERNAL")),
    ] {
        let (log, _guard) = Log::capture();
        let mut client = serve(json!(["logging", "tracing", "recover"])).await;
        client.say(line(text, 0)).await.unwrap_err();
        let event = log.call().await;
        assert_eq!(event["fields"]["rpc.status_code"], code);
        assert_eq!(event["fields"]["error.type"], error, "{event}");
    }
}

#[tokio::test]
async fn with_recover_a_panic_ends_its_own_call_alone() {
    for list in [
        json!(["recover", "tracing", "logging"]),
        json!(["tracing", "logging", "recover"]),
    ] {
        let (log, _guard) = Log::capture();
        let mut client = serve(list.clone()).await;
        // A call on the same connection that is open before, during and after the panic.
        let (says, said) = tokio::sync::mpsc::channel(1);
        let said = tokio_stream::wrappers::ReceiverStream::new(said);
        let mut other = client.clone().chat(said).await.unwrap().into_inner();
        says.send(line("before", 0)).await.unwrap();
        assert_eq!(other.message().await.unwrap().unwrap().text, "before");
        let error = client.say(traced("panic")).await.unwrap_err();
        assert_eq!(error.code(), Code::Internal, "{list}");
        assert!(!error.message().contains("on request"), "{error}");
        let event = log.call().await;
        assert_eq!(event["fields"]["rpc.status_code"], "INTERNAL", "{list}");
        assert_eq!(event["span"]["trace_id"], TRACE, "{list}");
        let panics = log.events("carml::panic");
        assert_eq!(panics.len(), 1);
        assert_eq!(panics[0]["span"]["trace_id"], TRACE, "{list}");
        says.send(line("after", 0)).await.unwrap();
        assert_eq!(other.message().await.unwrap().unwrap().text, "after");
    }
}

#[tokio::test]
async fn with_recover_a_panic_in_a_stream_ends_it_with_internal() {
    let (log, _guard) = Log::capture();
    let mut client = serve(json!(["tracing", "logging", "recover"])).await;
    let mut stream = client.repeat(line("panic", 3)).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().count, 0);
    let error = stream.message().await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    assert_eq!(log.call().await["fields"]["rpc.status_code"], "INTERNAL");
    client.say(line("still here", 0)).await.unwrap();
}

#[tokio::test]
async fn without_recover_a_panic_breaks_the_connection() {
    let (log, _guard) = Log::capture();
    let mut client = serve(json!(["tracing", "logging"])).await;
    let error = client.say(traced("panic")).await.unwrap_err();
    assert_ne!(error.code(), Code::Internal);
    // The line is written all the same.
    assert_eq!(log.call().await["fields"]["rpc.status_code"], "INTERNAL");
}

#[tokio::test]
async fn messages_over_the_limit_are_refused_both_ways() {
    let mut client = serve(json!(["recover", { "max_message_size": "1kb" }])).await;
    let long = "x".repeat(2000);

    let error = client.say(line(&long, 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");

    // Each message is small; the answer joins them.
    let parts = stream::iter((0..4).map(|_| line(&"x".repeat(500), 0)));
    let error = client.join(parts).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");

    client.say(line(&"x".repeat(900), 0)).await.unwrap();
}

#[tokio::test]
async fn a_call_whose_message_was_refused_does_not_end_ok_even_if_its_handler_does() {
    let mut client = serve(json!(["recover", { "max_message_size": "1kb" }])).await;
    let ignoring = |large: usize| {
        let lines = [line("a", 0), line(&"x".repeat(large), 0), line("b", 0)];
        let mut request = tonic::Request::new(stream::iter(lines));
        request
            .metadata_mut()
            .insert("ignore-errors", "yes".parse().unwrap());
        request
    };
    for _ in 0..3 {
        let error = client.join(ignoring(2_000)).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted, "{error:?}");

        let mut heard = client.chat(ignoring(2_000)).await.unwrap().into_inner();
        assert_eq!(heard.message().await.unwrap().unwrap().text, "a");
        let error = heard.message().await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted, "{error:?}");

        // Nothing of it stays with the calls after it.
        assert_eq!(
            client.join(ignoring(3)).await.unwrap().into_inner().text,
            "axxxb"
        );
    }
}

#[tokio::test]
async fn without_a_limit_received_messages_may_have_four_mebibytes() {
    let mut client = serve(json!([])).await;
    let error = client.say(line(&"x".repeat(5 << 20), 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    client.say(line(&"x".repeat(3 << 20), 0)).await.unwrap();
}

#[tokio::test]
async fn a_passed_deadline_is_returned_and_logged() {
    let (log, _guard) = Log::capture();
    // Without tonic's channel, which would give up by itself at the same time.
    let chain = Chain::compile(&support::list(json!(["tracing", "logging"]))).unwrap();
    let routes = tonic::service::Routes::new(Parrot.into_server());
    let mut client = EchoClient::new(ChainLayer::new(chain).layer(routes.prepare()));
    let mut request = tonic::Request::new(line("slow", 0));
    request.get_mut().wait_ms = 5000;
    request
        .metadata_mut()
        .insert("grpc-timeout", "50m".parse().unwrap());
    let error = client.say(request).await.unwrap_err();
    let event = log.call().await;
    assert_eq!(event["fields"]["rpc.status_code"], "DEADLINE_EXCEEDED");
    assert_eq!(error.code(), Code::DeadlineExceeded, "{error}");
}

#[tokio::test]
async fn a_middleware_that_ends_a_call_ends_it_for_those_inside_it_too() {
    let mut slow = line("slow", 0);
    slow.wait_ms = 5_000;
    for (outside, message, code) in [
        (json!({ "timeout": "50ms" }), slow, "DEADLINE_EXCEEDED"),
        (
            json!({ "max_message_size": "1kb" }),
            line("grow", 2_000),
            "RESOURCE_EXHAUSTED",
        ),
    ] {
        let (log, _guard) = Log::capture();
        let mut client = serve(json!(["recover", outside, "logging"])).await;
        client.say(message).await.unwrap_err();
        assert_eq!(log.call().await["fields"]["rpc.status_code"], code);
    }
}

#[tokio::test]
async fn a_client_that_goes_away_is_logged_in_its_span() {
    let (log, _guard) = Log::capture();
    let mut client = serve(json!(["tracing", "logging"])).await;
    let mut request = traced("slow");
    request.get_mut().wait_ms = 5000;
    let call = tokio::time::timeout(std::time::Duration::from_millis(100), client.say(request));
    assert!(call.await.is_err());
    let event = log.call().await;
    assert_eq!(event["fields"]["rpc.status_code"], "CANCELLED");
    assert_eq!(event["span"]["trace_id"], TRACE);
}

#[tokio::test]
async fn the_earlier_deadline_of_server_and_client_ends_a_call() {
    let slow = |deadline: Option<u64>| {
        let mut message = line("slow", 0);
        message.wait_ms = 5_000;
        let mut request = tonic::Request::new(message);
        if let Some(millis) = deadline {
            request.set_timeout(std::time::Duration::from_millis(millis));
        }
        request
    };
    for (server, client) in [("100ms", None), ("100ms", Some(4_000)), ("4s", Some(100))] {
        let mut echo = serve(json!(["recover", { "timeout": server }])).await;
        let begun = std::time::Instant::now();
        let error = echo.say(slow(client)).await.unwrap_err();
        assert!(begun.elapsed().as_millis() < 3_000, "{server} {client:?}");
        if client != Some(100) {
            // The client's own clock may be the first to say so.
            assert_eq!(error.code(), Code::DeadlineExceeded, "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_span_keeps_the_status_that_its_call_ended_with() {
    for list in [json!(["tracing", "logging", "recover"]), json!(["tracing"])] {
        for (text, code) in [
            ("hello", "OK"),
            ("", "INVALID_ARGUMENT"),
            ("panic", "INTERNAL"),
        ] {
            let (log, _guard) = Log::capture();
            let mut client = serve(list.clone()).await;
            let answer = client.say(line(text, 0)).await;
            assert_eq!(answer.is_ok(), code == "OK");
            let span = log.span().await;
            assert_eq!(span["rpc.status_code"], code, "{list}: {span}");
        }
    }
}

#[tokio::test]
async fn a_timeout_ends_a_stream_that_is_never_pending() {
    let mut client = serve(json!([{ "timeout": "200ms" }])).await;
    let endless = line("endless", u32::MAX);
    let mut stream = client.repeat(endless).await.unwrap().into_inner();
    let begun = std::time::Instant::now();
    let error = loop {
        match stream.message().await {
            Ok(heard) => assert!(heard.is_some(), "it ended by itself"),
            Err(error) => break error,
        }
        assert!(begun.elapsed().as_secs() < 5, "it goes on");
    };
    assert_eq!(error.code(), Code::DeadlineExceeded, "{error}");
}

#[tokio::test]
async fn calls_pass_at_the_rate_and_say_when_there_is_room_for_the_next() {
    let limit = json!({ "rate_limit": { "rate": "5/s", "burst": 2 } });
    let mut client = serve(json!([limit])).await;
    let begun = std::time::Instant::now();
    let mut passed = 0;
    while passed < 6 {
        let Err(error) = client.say(line("hello", 0)).await else {
            passed += 1;
            continue;
        };
        assert_eq!(error.code(), Code::ResourceExhausted);
        assert!(passed >= 2, "a burst of two");
        let pushback = error.metadata().get("grpc-retry-pushback-ms").unwrap();
        let pushback: u64 = pushback.to_str().unwrap().parse().unwrap();
        assert!((1..=200).contains(&pushback), "{pushback}");
        tokio::time::sleep(std::time::Duration::from_millis(pushback)).await;
    }
    // Two at once, and four more at 200 ms each.
    assert!(begun.elapsed() >= std::time::Duration::from_millis(790));
}

#[tokio::test]
async fn a_call_over_the_limit_of_calls_is_refused_at_once_and_let_in_when_another_ends() {
    let mut client = serve(json!(["recover", { "concurrency_limit": { "max": 2 } }])).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let (says, said) = tokio::sync::mpsc::channel::<Line>(1);
        let said = tokio_stream::wrappers::ReceiverStream::new(said);
        open.push((says, client.chat(said).await.unwrap().into_inner()));
    }
    for _ in 0..3 {
        let error = client.say(line("one too many", 0)).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted, "{error:?}");
        let pushback = error.metadata().get("grpc-retry-pushback-ms").unwrap();
        assert_eq!(pushback, "1000");
    }
    // One that ends, and one that its client gives up.
    for ends in [true, false] {
        let (says, mut heard) = open.pop().unwrap();
        if ends {
            drop(says);
            assert!(heard.message().await.unwrap().is_none());
        } else {
            drop((says, heard));
        }
        let let_in = async {
            while client.say(line("again", 0)).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(30);
        tokio::time::timeout(limit, let_in).await.unwrap();
    }
    // A panic ends its call, too.
    for _ in 0..3 {
        let error = client.say(line("panic", 0)).await.unwrap_err();
        assert_eq!(error.code(), Code::Internal, "{error:?}");
    }
    client.say(line("still here", 0)).await.unwrap();
}
