//! See `store.rs`: `cargo bench -p carml-bench-store`.
