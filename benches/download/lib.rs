//! See `download.rs`: `cargo bench -p carml-bench-download`.
