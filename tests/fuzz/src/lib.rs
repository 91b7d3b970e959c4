//! The targets are in `tests/`. `FUZZ_SECONDS=600 cargo test --release -p carml-test-fuzz` runs
//! each of them for ten minutes.
