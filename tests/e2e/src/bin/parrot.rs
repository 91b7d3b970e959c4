//! The service under test, as a process.

use std::{alloc::System, process::ExitCode};

use carml_runtime::{App, ConfigSection};
use carml_test_e2e::{Parrot, config::AppConfig};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// Counts, for [`carml_test_e2e::live_bytes`].
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A section that only the schema knows.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema, ConfigSection)]
#[serde(default)]
#[carml(section = "perch")]
struct Perch {
    /// Height above the floor, in metres.
    height: u32,
}

impl Default for Perch {
    fn default() -> Self {
        Self { height: 2 }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    App::<AppConfig>::from_args()
        .section::<Perch>()
        .service(|_| Ok(Parrot))
        .run()
        .await
}
