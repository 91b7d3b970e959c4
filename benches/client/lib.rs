//! `cargo bench -p carml-bench-client` compares clients.
