use serde_json::{Value, json};

use super::{
    BuiltIn, ServerMiddleware, Visit,
    facts::MIDDLEWARES,
    steps::{CAPACITY, State, Step},
};
use crate::middleware::{Middleware, Place};

/// What `Debug` shows of a middleware.
struct Show;

impl Visit for Show {
    type Output = String;

    fn visit<M: Middleware>(self, middleware: &M, _state: &mut M::State) -> String {
        format!("{middleware:?}")
    }
}

fn show(step: &Step) -> String {
    step.visit(&mut step.state(), Show)
}

fn built(middleware: &BuiltIn) -> Option<Step> {
    Step::build(middleware, &Place).unwrap()
}

fn server(item: Value) -> BuiltIn {
    BuiltIn::Server(serde_json::from_value(item).unwrap())
}

fn client(item: Value) -> BuiltIn {
    BuiltIn::Client(serde_json::from_value(item).unwrap())
}

#[test]
fn a_middleware_is_built_with_its_options_and_their_defaults() {
    let limit = json!({
        "rate": 100,
        "key": "peer",
        "methods": [{ "name": ["carml.v1.Kv"], "rate": 5 }],
    });
    for (item, shown) in [
        (server(json!("plain")), "Plain(())"),
        (client(json!("plain")), "Plain(())"),
        (server(json!({ "pause": "5s" })), r#"Pause(Duration("5s"))"#),
        (
            server(json!({ "rate_limit": limit })),
            "RateLimit(RateLimit { rate: 100, burst: 10, share: 0.5, key: Peer, methods: \
             [MethodLimit { name: [\"carml.v1.Kv\"], rate: 5 }] })",
        ),
        (
            client(json!({ "compression": { "send": "zstd" } })),
            "Compression(Compression { send: Some(Zstd), accept: [Gzip, Zstd], \
             min_size: ByteSize(\"1kb\"), trailers: false })",
        ),
        (
            server(json!({ "message_size": "4mb" })),
            r#"MessageSize(ByteSize(ByteSize("4mb")))"#,
        ),
        (
            server(json!({ "message_size": { "send": "1mb" } })),
            r#"MessageSize(EachWay(EachWay { receive: None, send: Some(ByteSize("1mb")) }))"#,
        ),
        (
            client(json!({ "breaker": {} })),
            "Breaker(Breaker { k: 2.0 })",
        ),
    ] {
        assert_eq!(show(&built(&item).unwrap()), shown);
    }
    let implicit = Step::implicit("message_size").unwrap();
    assert_eq!(
        show(&implicit),
        r#"MessageSize(ByteSize(ByteSize("1000b")))"#
    );
    assert!(Step::implicit("pause").is_none());
    // Those of a server; a client has fewer.
    assert_eq!(CAPACITY, 7);
    assert!(matches!(State::default(), State::None));
}

#[test]
fn a_middleware_with_optional_options_is_a_name_or_a_mapping() {
    let shown = |level: &str| format!("Trace(Trace {{ exclude: [], level: {level} }})");
    for (item, level) in [
        (server(json!("trace")), "Info"),
        (server(json!({ "trace": {} })), "Info"),
        (client(json!("trace")), "Info"),
        (client(json!({ "trace": { "level": "debug" } })), "Debug"),
    ] {
        assert_eq!(show(&built(&item).unwrap()), shown(level));
    }
    // Other names alone are still refused, and so are options of a middleware that has none.
    for item in [
        json!("pause"),
        json!({ "plain": {} }),
        json!({ "trace": null }),
    ] {
        assert!(serde_json::from_value::<ServerMiddleware>(item).is_err());
    }
    let written = serde_json::to_value(ServerMiddleware::Plain).unwrap();
    assert_eq!(written, json!("plain"));
    let server = crate::chain::model::Lists::default().server;
    let names: Vec<&str> = server
        .middleware
        .into_iter()
        .map(|item| BuiltIn::Server(item).facts().name)
        .collect();
    assert_eq!(names, ["plain", "trace"]);
}

#[test]
fn a_middleware_whose_feature_is_off_is_not_built_and_needs_no_code() {
    assert!(built(&server(json!({ "audit": true }))).is_none());
}

#[test]
fn the_facts_are_those_of_the_schema() {
    let facts = |name: &str| MIDDLEWARES.iter().find(|facts| facts.name == name).unwrap();
    let sides = |name: &str| (facts(name).server, facts(name).client);
    assert_eq!(sides("plain"), (true, true));
    assert_eq!(sides("rate_limit"), (true, false));
    assert_eq!(sides("breaker"), (false, true));
    assert_eq!(facts("pause").inside.as_ref().unwrap().middleware, "plain");
    assert_eq!(client(json!({ "breaker": {} })).facts().name, "breaker");
    assert_eq!(facts("audit").feature, Some("audit"));
    assert_eq!(facts("plain").feature, None);
    assert!(server(json!({ "pause": "0s" })).is_zero());
    assert!(!server(json!({ "pause": "5s" })).is_zero());
    assert!(!server(json!("plain")).is_zero());
}
