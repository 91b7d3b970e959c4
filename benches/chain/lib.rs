//! The service that `chain.rs` calls: `cargo bench -p carml-bench-chain`.
#![allow(missing_docs)]

carml_runtime::include_generated!();
