//! `carml services`.

use std::{process::ExitCode, sync::Arc};

use carml_runtime::{
    discovery::{Freshness, Instance, RegisteredInstance, Resolver, Update},
    kv::{Error, Opened},
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::{
    invalid_input, output,
    registry::{self, Choice},
};

/// Find registered services: their instances and addresses
#[derive(clap::Args)]
#[command(after_help = "\
A service with `registry: {discovery: {register: true}}` in its carml.yml is registered while it
serves. Entries of other programs are found too if they have the format of the provider: with etcd,
the format of etcd's gRPC naming.

Examples:
  carml services list --config carml.yml                     every instance of every service
  carml services resolve shop.v1.Orders --config carml.yml   its addresses, one per line
  carml services watch shop.v1.Orders --config carml.yml     a line now, and one for each change
  carml services list --server http://127.0.0.1:50051        from a served store
  carml services resolve shop.v1.Orders --format json | jq -r '.[0].address'

Exit codes: 0 success; 1 no instance was found; 2 the registry cannot be reached.")]
pub(crate) struct Args {
    #[command(flatten)]
    store: Choice,

    /// The directory of all services, instead of the config's `registry.discovery.prefix`
    #[arg(long, global = true, value_name = "KEY")]
    prefix: Option<String>,

    /// The format of the output
    #[arg(long, global = true, value_enum, default_value_t = Style::Human)]
    format: Style,

    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Style {
    /// Columns for people
    Human,
    /// JSON: one array, or for `watch` one object per line
    Json,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Print every instance of every service
    List,
    /// Print the instances of one service; exit code 1 if there are none
    Resolve {
        /// The full name in the proto file, such as shop.v1.Orders
        service: String,
    },
    /// Print the instances of one service, and again after each change, until interrupted
    ///
    /// While the registry cannot be reached, the last known instances stay, marked `stale`.
    Watch {
        /// The full name in the proto file, such as shop.v1.Orders
        service: String,
    },
}

pub(crate) fn run(args: Args) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return super::could_not_run(error),
    };
    runtime.block_on(async {
        let help = args.store.help();
        let opened = match args.store.open(args.prefix.as_deref()).await {
            Ok(opened) => opened,
            Err(unopened) => return unopened.report(),
        };
        let done = match args.command {
            Command::List => list(&opened, args.format).await,
            Command::Resolve { service } => resolve(&opened, &service, args.format).await,
            Command::Watch { service } => watch(&opened, &service, args.format).await,
        };
        let _ = opened.kv.close().await;
        done.unwrap_or_else(|error| registry::failed(error, help))
    })
}

async fn list(opened: &Opened, format: Style) -> Result<ExitCode, Error> {
    let found = opened.directory.list().await?;
    if format == Style::Json {
        let found: Vec<Value> = found.iter().map(registered).collect();
        return Ok(output::print(format_args!("{}\n", Value::from(found))));
    }
    let width = |column: fn(&RegisteredInstance) -> usize| found.iter().map(column).max();
    let services = width(|one| one.service.len()).unwrap_or_default();
    let addresses = width(|one| one.instance.address.len()).unwrap_or_default();
    let lines = found
        .iter()
        .map(|RegisteredInstance { service, instance }| {
            let metadata = metadata(instance);
            let line = format!(
                "{service:services$}  {:addresses$}  {metadata}",
                instance.address
            );
            format!("{}\n", line.trim_end())
        });
    Ok(output::print(lines.collect::<String>()))
}

async fn resolve(opened: &Opened, service: &str, format: Style) -> Result<ExitCode, Error> {
    let mut updates = opened.directory.watch(service).await?;
    let mut found = Vec::new();
    while let Some(update) = updates.next().await {
        if let Update::Instances { instances, .. } = update? {
            found = instances;
            break;
        }
    }
    let code = match format {
        Style::Human => {
            let lines = found.iter().map(|one| format!("{}\n", one.address));
            output::print(lines.collect::<String>())
        }
        Style::Json => output::print(format_args!("{}\n", Value::from(json_of(&found)))),
    };
    if !found.is_empty() || code != ExitCode::SUCCESS {
        return Ok(code);
    }
    Ok(invalid_input(format_args!(
        "no instance of `{service}` is registered: `carml services list` shows all services"
    )))
}

async fn watch(opened: &Opened, service: &str, format: Style) -> Result<ExitCode, Error> {
    // A registry that cannot be reached now is an error; one that is lost later is not.
    drop(opened.directory.watch(service).await?);
    let mut watch = Resolver::new(Arc::clone(&opened.directory)).watch(service);
    while let Some(now) = watch.changed().await {
        let freshness = match now.freshness {
            Freshness::Pending => "pending",
            Freshness::Stale => "stale",
            _ => "current",
        };
        let line = match format {
            Style::Human => {
                let addresses = now.instances.iter().map(|one| one.address.as_str());
                let addresses: Vec<&str> = addresses.collect();
                format!("{freshness}  {}", addresses.join(" "))
            }
            Style::Json => {
                let instances = json_of(&now.instances);
                json!({"service": service, "state": freshness, "instances": instances}).to_string()
            }
        };
        if let Err(code) = output::write(format!("{}\n", line.trim_end()).as_bytes()) {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn metadata(instance: &Instance) -> String {
    match &instance.metadata {
        Value::Null => String::new(),
        metadata => metadata.to_string(),
    }
}

fn json_of(instances: &[Arc<Instance>]) -> Vec<Value> {
    let instances = instances.iter();
    let one = |one: &Arc<Instance>| json!({"address": one.address, "metadata": one.metadata});
    instances.map(one).collect()
}

fn registered(one: &RegisteredInstance) -> Value {
    let RegisteredInstance { service, instance } = one;
    let (address, metadata) = (&instance.address, &instance.metadata);
    json!({"service": service, "address": address, "metadata": metadata})
}
