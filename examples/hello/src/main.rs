//! The smallest service: one call. The config has only CarML's own sections.

use std::process::ExitCode;

use carml_runtime::{App, carml_service, config::Config};
use tonic::Status;

carml_runtime::include_generated!();

use proto::hello::v1::{Greeter, GreeterServer, HelloReply, HelloRequest};

struct Hello;

#[carml_service]
impl Greeter for Hello {
    async fn say_hello(&self, request: HelloRequest) -> Result<HelloReply, Status> {
        if request.name.is_empty() {
            return Err(Status::invalid_argument("`name` is empty"));
        }
        let text = format!("Hello, {}!", request.name);
        Ok(HelloReply { text })
    }
}

/// Shared by `main` and the tests.
fn configure(app: App<Config>) -> App<Config> {
    app.service(|_| Ok(Hello))
}

#[tokio::main]
async fn main() -> ExitCode {
    configure(App::from_args()).run().await
}

#[cfg(test)]
mod tests;
