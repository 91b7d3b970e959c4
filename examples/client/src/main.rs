//! Reads `carml.yml`, then serves until SIGTERM.

use std::process::ExitCode;

use carml_runtime::App;

#[tokio::main]
async fn main() -> ExitCode {
    example_client::configure(App::from_args()).run().await
}
