//! What the README promises.
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;

#[test]
fn the_tour_starts_the_service_calls_it_and_fits_on_a_screen() {
    let out = Command::new(env!("CARGO_BIN_EXE_tour")).output().unwrap();
    assert!(out.status.success());
    assert_eq!(String::from_utf8(out.stderr).unwrap(), "");
    let screen = String::from_utf8(out.stdout).unwrap();
    for shown in [
        // The config, and where a value came from.
        "carml.yml:14:13",
        // The chain, in the order of the file.
        "recover > tracing > logging > max_message_size",
        // Calls and their answers.
        "OK  Welcome, Ada!",
        "RESOURCE_EXHAUSTED: the request has 5015 bytes, the limit is 4000",
        "INVALID_ARGUMENT",
        "OK  Ada, Grace\n",
        "OK  Serving",
        "drained and ended",
        // A mistake, its place and how to fix it.
        "--> carml.yml:4:5",
        "did you mean `middleware`?",
        // What to do next.
        "carml new",
    ] {
        assert!(screen.contains(shown), "{shown}:\n{screen}");
    }
    assert!(screen.lines().count() <= 45, "{screen}");
}
