//! See `kv.rs`: `cargo bench -p carml-bench-kv`.
