//! The service with counters, as a process.

use std::process::ExitCode;

use carml_runtime::App;
use carml_test_e2e::{config::AppConfig, tally::StoredTally};

#[tokio::main]
async fn main() -> ExitCode {
    App::<AppConfig>::from_args()
        .service(StoredTally::new)
        .run()
        .await
}
