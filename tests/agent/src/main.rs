//! The example agent, with what it needs for servers.

use std::process::ExitCode;

use carml_runtime::App;

#[tokio::main]
async fn main() -> ExitCode {
    example_agent::configure(App::from_args()).run().await
}
