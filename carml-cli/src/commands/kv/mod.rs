//! `carml kv`.

mod entries;
mod lock;
mod serve;
mod watch;

use std::process::ExitCode;

use carml_runtime::kv::{Error, Kv};

use super::{
    could_not_run,
    registry::{self, Choice},
};

/// Use a key/value store, or serve one over gRPC
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  carml kv serve --file data.redb                serve a file on 127.0.0.1:50051
  carml kv put greeting/en Hello                 write to the served store
  carml kv --file data.redb get greeting/en      read the file, while no process serves it
  carml kv --config carml.yml list greeting      read the store of a config, such as etcd
  carml kv watch --tree greeting                 print its changes, one JSON line per batch
  carml kv lock jobs/nightly -- ./nightly.sh     run a command while the lock is held

Exit code 1: the key is missing, another client holds the lock, or the revision is not the expected
one.")]
pub(crate) struct Args {
    #[command(flatten)]
    store: Choice,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Serve(serve::Args),
    Get(entries::Get),
    Put(entries::Put),
    Delete(entries::Delete),
    Exists(entries::Exists),
    List(entries::List),
    DeleteTree(entries::DeleteTree),
    Watch(watch::Args),
    Lock(lock::Args),
}

pub(crate) fn run(args: Args) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return could_not_run(error),
    };
    runtime.block_on(async {
        if let Command::Serve(serve) = args.command {
            return serve::run(serve, args.store).await;
        }
        let help = args.store.help();
        match args.store.open(None).await {
            Ok(opened) => client(args.command, &opened.kv, help).await,
            Err(unopened) => unopened.report(),
        }
    })
}

async fn client(command: Command, kv: &Kv, help: Option<String>) -> ExitCode {
    let done = match command {
        Command::Serve(_) => Ok(ExitCode::SUCCESS),
        Command::Get(args) => args.run(kv).await,
        Command::Put(args) => args.run(kv).await,
        Command::Delete(args) => args.run(kv).await,
        Command::Exists(args) => args.run(kv).await,
        Command::List(args) => args.run(kv).await,
        Command::DeleteTree(args) => args.run(kv).await,
        Command::Watch(args) => args.run(kv).await,
        Command::Lock(args) => args.run(kv).await,
    };
    // Releases what the command held. A served store stays open: it has no such call.
    let _ = kv.close().await;
    done.unwrap_or_else(|error: Error| registry::failed(error, help))
}
