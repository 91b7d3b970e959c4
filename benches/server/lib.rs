//! `cargo bench -p carml-bench-server` compares whole servers.
