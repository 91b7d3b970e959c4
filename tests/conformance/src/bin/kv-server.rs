//! Serves an embedded store until it is killed: `kv-server FILE ADDRESS`.
#![allow(clippy::unwrap_used)]

use std::process::ExitCode;

use carml_kv_service::Service;
use carml_runtime::{App, config::Config};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (file, address) = (args.next().unwrap(), args.next().unwrap());
    App::<Config>::new()
        .service(Service::new)
        .config_text(
            "kv-server",
            "app:\n  name: kv-server\nregistry:\n  provider: redb\n",
        )
        .set(format!("registry.path={file}"))
        .set(format!("grpc.server.listen={address}"))
        .run()
        .await
}
