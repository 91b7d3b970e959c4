//! One binary and many config files: what an operator decides without compiling.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod codes;
mod discovered;
mod drain;
mod grpc_go;
#[path = "../support/pki.rs"]
mod pki;
mod probes;
mod rolling;
#[allow(dead_code, reason = "the test `attack` uses it too")]
mod server;
mod tls;
mod unix;

use carml_test_e2e::line;
use futures_util::stream;
use serde_json::Value;
use server::{Server, run};
use tonic::Code;

#[tokio::test]
async fn in_any_order_lines_have_the_ids_of_the_trace() {
    for list in [
        "[recover, logging, tracing]",
        "[tracing, logging, recover]",
        "[logging, concurrency_limit: { max: 1 }, tracing]",
    ] {
        let server = Server::start(&format!("    middleware: {list}\n"));
        server.echo().await.say(line("hello", 0)).await.unwrap();
        let event = server.call();
        assert_eq!(event["message"], "call");
        assert_eq!(event["fields"]["rpc.method"], "carml.test.v1.Echo/Say");
        for (name, length) in [("trace_id", 32), ("span_id", 16), ("trace_flags", 2)] {
            let id = event[name].as_str().unwrap_or_default();
            assert_eq!(id.len(), length, "{list}: {name} of {event}");
        }
        assert_eq!(
            event["span"]["rpc.method"], "carml.test.v1.Echo/Say",
            "{list}"
        );
    }
}

#[tokio::test]
async fn without_recover_a_panic_breaks_the_connection() {
    let server = Server::start("    middleware: [recover, logging]\n");
    let mut client = server.echo().await;
    let error = client.say(line("panic", 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    assert_eq!(error.message(), "internal error", "the log has the text");
    let event = server.line(|line| line["target"] == "carml::panic");
    let text = &event["fields"]["exception.message"];
    assert_eq!(text, "the handler panics on request");
    client.say(line("still running", 0)).await.unwrap();

    let server = Server::start("    middleware: [logging]\n");
    let mut client = server.echo().await;
    let error = client.say(line("panic", 0)).await.unwrap_err();
    assert_ne!(error.code(), Code::Internal, "the connection broke");
    assert_eq!(server.call()["fields"]["rpc.status_code"], "INTERNAL");
}

#[tokio::test]
async fn a_limit_of_1kb_refuses_a_larger_message_every_way() {
    let long = "x".repeat(2_000);
    for (list, refused) in [
        ("[recover, max_message_size: 1kb]", true),
        ("[recover]", false),
    ] {
        let server = Server::start(&format!("    middleware: {list}\n"));
        let mut client = server.echo().await;
        let check = |way: &str, answer: Result<(), tonic::Status>| match answer {
            Ok(()) => assert!(!refused, "{way}"),
            Err(error) => {
                assert!(refused, "{way}: {error}");
                assert_eq!(error.code(), Code::ResourceExhausted, "{way}");
                assert!(error.message().contains("the limit is 1000"), "{way}");
            }
        };
        check("request", client.say(line(&long, 0)).await.map(drop));
        check("answer", client.say(line("grow", 2_000)).await.map(drop));
        let lines = stream::iter([line("a", 0), line(&long, 0)]);
        check("requests", client.join(lines).await.map(drop));
        let mut lines = client.repeat(line("grow", 3)).await.unwrap().into_inner();
        assert_eq!(lines.message().await.unwrap().unwrap().count, 0);
        let rest = async {
            while lines.message().await?.is_some() {}
            Ok(())
        };
        check("answers", rest.await);
    }
}

#[test]
fn an_invalid_config_is_one_report_and_exit_code_1() {
    let yaml = "grpc:\n  server:\n    listen: 127.0.0.1:0\n    middleware: [recovr]\nperch:\n  heigth: 3\n";
    let end = run(yaml, &[]);
    assert_eq!(end.code, Some(1), "{end:?}");
    assert_eq!(end.stdout, "");
    for expected in [
        "--> carml.yml:4:18",
        "did you mean `recover`?",
        "--> carml.yml:6:3",
        "did you mean `height`?",
    ] {
        assert!(end.stderr.contains(expected), "{expected}: {}", end.stderr);
    }
}

#[test]
fn what_cannot_be_bound_or_opened_is_shown_at_its_line_with_exit_code_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let free = "grpc:\n  server:\n    listen: 127.0.0.1:0\n";
    for (yaml, expected) in [
        (
            format!("grpc:\n  server:\n    listen: {address}\n"),
            [
                &*format!("cannot listen on {address}: "),
                "--> carml.yml:3:13",
                "another process listens there",
            ],
        ),
        (
            format!("{free}registry:\n  path: no/such/folder\n"),
            [
                "cannot open the key/value store: ",
                "--> carml.yml:5:9",
                "check that the directory exists",
            ],
        ),
    ] {
        let end = run(&yaml, &[]);
        assert_eq!(end.code, Some(1), "{end:?}");
        for expected in expected {
            assert!(end.stderr.contains(expected), "{expected}: {}", end.stderr);
        }
    }
}

#[test]
fn the_binary_checks_a_config_and_prints_its_whole_schema() {
    let end = run("perch:\n  height: 3\n", &["--check"]);
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(
        end.stdout.contains("recover > tracing > logging"),
        "{end:?}"
    );

    let end = run("", &["--print-schema"]);
    assert_eq!(end.code, Some(0), "{end:?}");
    let schema: Value = serde_json::from_str(&end.stdout).unwrap();
    assert!(end.stdout.contains("Height above the floor, in metres."));
    let whole = jsonschema::validator_for(&schema).unwrap();
    assert!(whole.is_valid(&serde_json::json!({ "perch": { "height": 3 } })));
    for wrong in [
        serde_json::json!({ "perch": { "heigth": 3 } }),
        serde_json::json!({ "grcp": {} }),
    ] {
        assert!(!whole.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn an_unknown_argument_is_reported_with_the_known_ones() {
    let end = run("", &["--chek"]);
    assert_eq!(end.code, Some(1), "{end:?}");
    assert!(end.stderr.contains("--chek") && end.stderr.contains("--check "));

    let end = run("", &["--help"]);
    assert_eq!((end.code, &*end.stderr), (Some(0), ""));
    assert!(end.stdout.contains("--print-schema "));
}
