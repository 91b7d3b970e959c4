//! `carml kv serve`.

use std::process::ExitCode;

use carml_kv_service::Service;
use carml_runtime::{App, config::Config};
use tokio::sync::oneshot;

use super::super::{
    output,
    registry::{Choice, quoted},
};

/// What is served unless a config says otherwise. A log line for each call would cost more than many
/// calls do.
const EMBEDDED: &str = "\
app:
  name: carml-kv
grpc:
  server:
    middleware: [recover]
registry:
  provider: redb
";

/// Serve a store over gRPC until SIGTERM: a file, or what a config names
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,

    /// Set one value over the config: --set registry.timeout=5s
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

pub(super) async fn run(args: Args, store: Choice) -> ExitCode {
    let (ready, bound) = oneshot::channel();
    let mut app = App::<Config>::new().service(Service::new).ready(ready);
    let file = store.path();
    app = match store.config {
        Some(file) => app.config_file(file),
        None => app.config_text("the built-in config", EMBEDDED),
    };
    let listen = args
        .listen
        .map(|address| format!("grpc.server.listen={}", quoted(&address)));
    for set in file.into_iter().chain(listen).chain(args.set) {
        app = app.set(set);
    }
    tokio::spawn(async move {
        if let Ok(address) = bound.await {
            // Standard output is the log's.
            output::eprint(format_args!("carml.kv.v1.KeyValue is served on {address}"));
        }
    });
    app.run().await
}
