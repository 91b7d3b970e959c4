//! See `config.rs`: `cargo bench -p carml-bench-config`.
