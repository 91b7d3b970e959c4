//! See `codegen.rs`: `cargo bench -p carml-bench-codegen`.
