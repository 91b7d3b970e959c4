//! Reads `carml.yml`, then serves until SIGTERM.

use std::process::ExitCode;

use carml_runtime::App;
use guestbook::{Book, config::AppConfig};

#[tokio::main]
async fn main() -> ExitCode {
    App::<AppConfig>::from_args().service(Book::new).run().await
}
