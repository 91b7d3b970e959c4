//! A service with a middleware of its own. The config says whether it is used, and where.

use std::process::ExitCode;

use carml_runtime::{App, carml_service, config::Config};
use tonic::{Request, Status};

carml_runtime::include_generated!();

mod api_key;

use api_key::{ApiKeyLayer, Caller};
use proto::orders::v1::{Orders, OrdersServer, PlaceReply, PlaceRequest};

struct Book;

#[carml_service]
impl Orders for Book {
    // With tonic's `Request`, a handler sees what the middleware left in the extensions.
    async fn place(&self, request: Request<PlaceRequest>) -> Result<PlaceReply, Status> {
        let Some(Caller(name)) = request.extensions().get().cloned() else {
            return Err(Status::unauthenticated("the config has no `api_key`"));
        };
        let text = format!("{} for {name}", request.into_inner().item);
        Ok(PlaceReply { text })
    }
}

fn configure(app: App<Config>) -> App<Config> {
    app.middleware("api_key", |_context, options| Ok(ApiKeyLayer::new(options)))
        .service(|_| Ok(Book))
}

#[tokio::main]
async fn main() -> ExitCode {
    configure(App::from_args()).run().await
}

#[cfg(test)]
mod tests;
