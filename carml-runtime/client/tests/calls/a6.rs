//! gRFC A6 as a table: which status, with which policy, is tried how often. The cases that a server
//! decides are run with a server of CarML and with one of grpc-go.

use std::time::{Duration, Instant};

use carml_client::Channel;
use carml_grpc::code;
use serde_json::{Value, json};
use tonic::{Code, Status};

use crate::support::{Backend, GrpcGo, call, channel, stream};

/// What a server is asked to do, and what comes of it.
struct Case {
    name: &'static str,
    /// For [`Backend`].
    words: &'static str,
    is_stream: bool,
    max_attempts: u32,
    codes: &'static [&'static str],
    attempts: usize,
    code: Code,
    /// The least that the pauses take, and the most.
    pause: [u64; 2],
}

/// One that fails once in each attempt, with four of them and UNAVAILABLE in the policy.
const USUAL: Case = Case {
    name: "",
    words: "fail:14",
    is_stream: false,
    max_attempts: 4,
    codes: &["UNAVAILABLE"],
    attempts: 4,
    code: Code::Unavailable,
    pause: [0, 2_000],
};

fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "a success is not tried again",
            words: "",
            attempts: 1,
            code: Code::Ok,
            ..USUAL
        },
        Case {
            name: "a code of the policy is tried until there are no attempts left",
            // 20, 40 and 80 ms, 20 % less.
            pause: [112, 2_000],
            ..USUAL
        },
        Case {
            name: "and until it succeeds",
            words: "fail_times:2:14:a",
            attempts: 3,
            code: Code::Ok,
            ..USUAL
        },
        Case {
            name: "the last attempt may succeed",
            words: "fail_times:3:14:b",
            code: Code::Ok,
            ..USUAL
        },
        Case {
            name: "two attempts",
            max_attempts: 2,
            attempts: 2,
            ..USUAL
        },
        Case {
            name: "five attempts",
            max_attempts: 5,
            attempts: 5,
            ..USUAL
        },
        Case {
            name: "a code that the policy does not have ends the call",
            words: "fail:3",
            attempts: 1,
            code: Code::InvalidArgument,
            ..USUAL
        },
        Case {
            name: "each code of the policy counts",
            words: "fail:8",
            codes: &["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
            code: Code::ResourceExhausted,
            ..USUAL
        },
        Case {
            name: "attempts say how many there were before",
            words: "fail_before:3",
            code: Code::Ok,
            ..USUAL
        },
        Case {
            name: "pushback sets the pause exactly",
            words: "fail_pushback:14:150",
            pause: [450, 1_500],
            ..USUAL
        },
        Case {
            name: "pushback of 0 is no pause",
            words: "fail_pushback:14:0",
            pause: [0, 500],
            ..USUAL
        },
        Case {
            name: "negative pushback forbids it",
            words: "fail_pushback:14:-1",
            attempts: 1,
            ..USUAL
        },
        Case {
            name: "pushback that is not a number forbids it",
            words: "fail_pushback:14:soon",
            attempts: 1,
            ..USUAL
        },
        Case {
            name: "pushback does not add a code to the policy",
            words: "fail_pushback:3:10",
            attempts: 1,
            code: Code::InvalidArgument,
            ..USUAL
        },
        Case {
            name: "the head of an answer commits",
            words: "fail_after_head:14",
            is_stream: true,
            attempts: 1,
            ..USUAL
        },
        Case {
            name: "a message commits",
            words: "fail_after_message:14",
            is_stream: true,
            attempts: 1,
            ..USUAL
        },
        Case {
            name: "a stream that fails before its head is tried again",
            words: "fail:14",
            is_stream: true,
            ..USUAL
        },
    ]
}

fn with_policy(address: &str, case: &Case) -> Channel {
    channel(json!({
        "endpoints": [address],
        "method_config": [{ "name": [{}], "retry_policy": {
            "max_attempts": case.max_attempts,
            "initial_backoff": "20ms",
            "retryable_status_codes": case.codes,
        } }],
    }))
}

async fn run(channel: &Channel, case: &Case) -> Result<(), Status> {
    match case.is_stream {
        true => stream(channel, case.words).await.1,
        false => call(channel, case.words).await.map(drop),
    }
}

async fn check(address: &str, case: &Case, count: impl AsyncFn() -> usize, server: &str) {
    let channel = with_policy(address, case);
    let before = count().await;
    let begun = Instant::now();
    let ended = run(&channel, case).await;
    let took = begun.elapsed();
    let attempts = count().await - before;
    let code = ended.as_ref().err().map_or(Code::Ok, Status::code);
    let name = case.name;
    assert_eq!(
        (attempts, code),
        (case.attempts, case.code),
        "{server}: {name}: {ended:?}"
    );
    let [least, most] = case.pause.map(Duration::from_millis);
    assert!((least..=most).contains(&took), "{server}: {name}: {took:?}");
}

#[tokio::test]
async fn a_server_of_carml_answers_each_case() {
    let backend = Backend::start().await;
    for case in cases() {
        check(&backend.address, &case, async || backend.calls(), "carml").await;
    }
}

#[tokio::test]
async fn a_server_of_grpc_go_answers_each_case() {
    let server = GrpcGo::start();
    let counter = channel(json!({ "endpoints": [server.address] }));
    let count = async || {
        let calls = call(&counter, "count").await.expect("a server");
        usize::try_from(calls).expect("a number")
    };
    for case in cases() {
        check(&server.address, &case, &count, "grpc-go").await;
    }
}

#[tokio::test]
async fn every_code_is_tried_again_if_the_policy_has_it_and_else_not() {
    let backend = Backend::start().await;
    let policy = |codes: &[&str]| {
        channel(json!({
            "endpoints": [backend.address],
            "method_config": [{ "name": [{}], "retry_policy": {
                "max_attempts": 2, "initial_backoff": "1ms", "retryable_status_codes": codes } }],
        }))
    };
    let codes: Vec<Code> = (1..=16).map(Code::from_i32).collect();
    for code in &codes {
        let name = code::name(*code);
        let others = codes.iter().filter(|other| *other != code);
        let others: Vec<&str> = others.map(|other| code::name(*other)).collect();
        for (channel, attempts) in [(policy(&[name]), 2), (policy(&others), 1)] {
            let before = backend.calls();
            let words = format!("fail:{}", *code as i32);
            let status = call(&channel, &words).await.expect_err("it fails");
            assert_eq!(
                (status.code(), backend.calls() - before),
                (*code, attempts),
                "{name}"
            );
        }
    }
}

/// One call after the other on one channel: what it is asked, and how many attempts it has.
type Calls = &'static [(&'static str, usize)];

#[tokio::test]
async fn throttling_follows_the_tokens() {
    // (max_tokens, token_ratio, calls); a policy of UNAVAILABLE with three attempts.
    let cases: [(u64, f64, Calls); 6] = [
        // 3 of 4 are left, then 2: not more than half.
        (4, 1.0, &[("fail:14", 2), ("fail:14", 1), ("", 1)]),
        // Each success gives one back.
        (4, 1.0, &[("fail:14", 2), ("", 1), ("", 1), ("fail:14", 2)]),
        // A code that is not in the policy takes none.
        (4, 1.0, &[("fail:3", 1), ("fail:3", 1), ("fail:14", 2)]),
        // "Do not retry" takes one.
        (4, 1.0, &[("fail_pushback:14:-1", 1), ("fail:14", 1)]),
        // Whatever the code is.
        (4, 1.0, &[("fail_pushback:3:-1", 1), ("fail:14", 1)]),
        // Four successes give less than one.
        (
            4,
            0.2,
            &[
                ("fail:14", 2),
                ("", 1),
                ("", 1),
                ("", 1),
                ("", 1),
                ("fail:14", 1),
            ],
        ),
    ];
    for (n, (max_tokens, token_ratio, calls)) in cases.into_iter().enumerate() {
        let backend = Backend::start().await;
        let channel = channel(json!({
            "endpoints": [backend.address],
            "retry_throttling": { "max_tokens": max_tokens, "token_ratio": token_ratio },
            "method_config": [{ "name": [{}], "retry_policy": {
                "max_attempts": 3, "initial_backoff": "1ms",
                "retryable_status_codes": ["UNAVAILABLE"] } }],
        }));
        for (m, (words, attempts)) in calls.iter().enumerate() {
            let before = backend.calls();
            let _ = call(&channel, words).await;
            assert_eq!(
                backend.calls() - before,
                *attempts,
                "case {n}, call {m}: {words}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_to_keep_is_sent_once() {
    let backend = Backend::start().await;
    let channel = with_policy(&backend.address, &USUAL);
    for (size, attempts) in [(900_000, 4), (1_200_000, 1)] {
        let words = format!("fail:14:{}", "x".repeat(size));
        let before = backend.calls();
        let status = call(&channel, &words).await.expect_err("it fails");
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(backend.calls() - before, attempts, "{size} bytes");
    }
}

/// The numbers of a policy are those of the schema: a pause is never longer than the longest.
#[tokio::test]
async fn pauses_do_not_grow_beyond_the_longest() {
    let backend = Backend::start().await;
    let policy: Value = json!({
        "max_attempts": 5, "initial_backoff": "50ms", "max_backoff": "60ms",
        "backoff_multiplier": 10, "retryable_status_codes": ["UNAVAILABLE"],
    });
    let channel = channel(json!({
        "endpoints": [backend.address],
        "method_config": [{ "name": [{}], "retry_policy": policy }],
    }));
    let begun = Instant::now();
    call(&channel, "fail:14").await.expect_err("it fails");
    // 50 and three times 60 ms, 20 % more or less.
    assert!(
        (184..1_000).contains(&begun.elapsed().as_millis()),
        "{:?}",
        begun.elapsed()
    );
}
