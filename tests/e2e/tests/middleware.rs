//! A middleware of the user's own: a `tower` layer that the config names, anywhere in the order.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use carml_runtime::{App, AppError, testing};
use carml_test_e2e::{Parrot, config::AppConfig, proto::carml::test::v1::EchoClient};
use schemars::JsonSchema;
use serde::Deserialize;
use support::{Client, Log, line};
use tonic::{Code, Request, Status, service::InterceptorLayer};

/// Accepts calls that send the word.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct Guard {
    /// The word.
    #[schemars(length(min = 4))]
    word: String,
}

fn app(list: &str) -> App<AppConfig> {
    let yaml = format!("grpc:\n  server:\n    middleware: {list}\necho:\n  prefix: open\n");
    App::<AppConfig>::new()
        .config_text("carml.yml", &yaml)
        .middleware("guard", |context, guard: Guard| {
            assert_eq!(context.config().echo.prefix, "open");
            Ok(InterceptorLayer::new(
                move |request: Request<()>| match request.metadata().get("word") {
                    Some(word) if *word == *guard.word => Ok(request),
                    Some(word) if word == "panic" => panic!("the guard panics"),
                    _ => Err(Status::unauthenticated("what is the word?")),
                },
            ))
        })
        .middleware("broken", |_, (): ()| {
            Ok(tower::layer::layer_fn(|_| {
                tower::service_fn(|_: http::Request<tonic::body::Body>| async {
                    Err::<http::Response<tonic::body::Body>, _>(std::io::Error::other("secret"))
                })
            }))
        })
        .service(|_| Ok(Parrot))
}

async fn start(list: &str) -> (testing::Server, Client) {
    let server = testing::start(app(list)).await.unwrap();
    let client = EchoClient::new(server.channel().await.unwrap());
    (server, client)
}

async fn refused(list: &str) -> String {
    let error: AppError = testing::start(app(list)).await.unwrap_err();
    error.to_string()
}

fn saying(word: &str) -> Request<carml_test_e2e::proto::carml::test::v1::Line> {
    let mut request = Request::new(line("hello", 0));
    request.metadata_mut().insert("word", word.parse().unwrap());
    request
}

#[tokio::test]
async fn it_gets_its_options_and_its_place_from_the_config() {
    for (list, logged) in [
        ("[logging, guard: { word: sesame }]", "UNAUTHENTICATED"),
        ("[guard: { word: sesame }, logging]", "OK"),
    ] {
        let (log, _guard) = Log::capture();
        let (_server, mut client) = start(list).await;
        let error = client.say(line("hello", 0)).await.unwrap_err();
        assert_eq!(error.code(), Code::Unauthenticated, "{error}");
        let events = log.events("carml_runtime::app::serve");
        let started = events
            .iter()
            .find_map(|event| event["fields"]["chain"].as_str());
        let chain = started.unwrap_or_else(|| panic!("{events:?}"));
        assert!(chain.contains("guard"), "{chain}");
        assert!(!chain.contains("sesame"), "{chain}");
        if logged == "OK" {
            // Outside of `logging`: what it refuses is not logged.
            client.say(saying("sesame")).await.unwrap();
        }
        let event = log.call().await;
        assert_eq!(event["fields"]["rpc.status_code"], logged, "{list}");
        client.say(saying("sesame")).await.unwrap();
    }
}

#[tokio::test]
async fn outer_middlewares_apply_to_it_and_inner_ones_to_the_rest() {
    let (log, _guard) = Log::capture();
    let list = "[recover, tracing, guard: { word: sesame }, logging, max_message_size: 1kb]";
    let (_server, mut client) = start(list).await;
    let error = client.say(saying("panic")).await.unwrap_err();
    assert_eq!(error.code(), Code::Internal, "{error}");
    assert_eq!(error.message(), "internal error");

    client.say(saying("sesame")).await.unwrap();
    let event = log.call().await;
    assert!(event["span"]["trace_id"].is_string(), "{event}");

    let mut large = saying("sesame");
    large.get_mut().text = "x".repeat(2_000);
    let error = client.say(large).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
}

#[tokio::test]
async fn one_that_fails_ends_the_call_and_keeps_its_reason() {
    let (_server, mut client) = start("[broken]").await;
    let error = client.say(line("hello", 0)).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Internal, "internal error")
    );
}

#[tokio::test]
async fn one_that_is_known_and_not_listed_does_nothing() {
    let (_server, mut client) = start("[]").await;
    client.say(line("hello", 0)).await.unwrap();
}

#[tokio::test]
async fn its_options_are_checked_like_all_others() {
    for (list, place, expected) in [
        ("[guard: { word: abc }]", "3:33", "at least 4 characters"),
        ("[guard: { wrod: sesame }]", "3:27", "did you mean `word`?"),
        ("[gaurd: { word: sesame }]", "3:18", "did you mean `guard`?"),
        ("[recover, guard]", "3:27", "`guard` needs"),
        (
            "[broken, recover, broken]",
            "3:35",
            "`broken` appears twice",
        ),
    ] {
        let report = refused(list).await;
        for expected in [&format!("carml.yml:{place}"), expected] {
            assert!(report.contains(expected), "{list}: {expected}: {report}");
        }
    }
    let taken = app("[]").middleware("recover", |_, (): ()| {
        Ok(tower::layer::util::Identity::new())
    });
    let report = testing::start(taken).await.unwrap_err().to_string();
    assert!(report.contains("`recover` already exists"), "{report}");
}
