//! `carml call`.

mod codec;
mod descriptors;
mod method;

use std::{io::Read as _, path::PathBuf, process::ExitCode};

use carml_config::Schema;
use carml_runtime::{
    client::{Channel, Clients},
    config::{self, Config, TargetName},
    discovery::Resolver,
    grpc::code,
    kv::{self, Opened},
};
use futures_util::stream;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue},
};

pub(super) use descriptors::read as read_descriptors;

use super::{config_args::ConfigArgs, could_not_run, invalid_input, output};
use method::Method;

/// Call a method of a service, as a service with this config would
///
/// Name the method as pkg.Service/Method. If the config has no target for the service, write the
/// target before it: TARGET/pkg.Service/Method.
#[derive(clap::Args)]
#[command(after_help = "\
The call is made in the same way as a service makes it: to the target of this name in
`grpc.client.targets`, or to the instances in the registry, with the chain, the retries and the TLS
of the config.

Examples:
  carml call 10.0.0.5:50051/shop.v1.Prices/Get '{\"item\": \"tea\"}'
  carml call dns:///prices.internal:50051/shop.v1.Prices/Get '{\"item\": \"tea\"}'
  carml call shop.v1.Prices/Get '{\"item\": \"tea\"}' --config carml.yml   found in the registry
  carml call shop.v1.Prices/Watch --config carml.yml                     each response as it arrives
  echo '{\"item\": \"tea\"} {\"item\": \"milk\"}' | carml call shop.v1.Prices/Add -   several requests

Exit codes: 0 the status is OK; 1 the call has another status, or the request is invalid; 2 the
call could not be made.")]
pub(crate) struct Args {
    /// [TARGET/]pkg.Service/Method
    method: Method,

    /// The request as JSON; `-` reads it from standard input; `{}` if absent
    #[arg(value_name = "JSON")]
    request: Option<String>,

    #[command(flatten)]
    config: ConfigArgs,

    /// Read the message types from this file, an encoded FileDescriptorSet, instead of asking the
    /// server
    #[arg(long, value_name = "FILE")]
    descriptor_set: Option<PathBuf>,

    /// Send this metadata with the call: --metadata x-tenant=blue
    #[arg(long, short = 'H', value_name = "KEY=VALUE")]
    metadata: Vec<String>,

    /// How long the call may take, such as 500ms or 1m
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    timeout: config::Duration,
}

/// Why a command ends: what is said, and its exit code.
type Ended = ExitCode;

pub(crate) fn run(args: &Args) -> ExitCode {
    let loaded = Schema::base()
        .map_err(carml_config::Error::from)
        .and_then(|schema| args.config.loader(schema)?.load()?.typed::<Config>());
    let config = match loaded {
        Ok(config) => config,
        Err(error) => return invalid_input(error),
    };
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime
            .block_on(call(args, config))
            .map_or_else(|code| code, |()| ExitCode::SUCCESS),
        Err(error) => could_not_run(error),
    }
}

async fn call(args: &Args, config: Config) -> Result<(), Ended> {
    let Method { service, name, .. } = &args.method;
    let timeout = args.timeout.get();
    let metadata = metadata(&args.metadata)?;
    let text = text(args.request.as_deref())?;
    let (channel, opened) = channel(&args.method, config).await?;
    let pool = match &args.descriptor_set {
        Some(file) => descriptors::read(file).map_err(invalid_input)?,
        None => descriptors::ask(&channel, service, timeout)
            .await
            .map_err(could_not_run)?,
    };
    let found = pool.get_service_by_name(service);
    let found = found.ok_or_else(|| {
        invalid_input(format_args!(
            "there is no service `{service}` in the descriptors"
        ))
    })?;
    let method = found.methods().find(|method| method.name() == name);
    let method = method.ok_or_else(|| {
        let known: Vec<_> = found
            .methods()
            .map(|method| method.name().to_owned())
            .collect();
        let known = known.join("`, `");
        invalid_input(format_args!(
            "`{service}` has no method `{name}`; it has `{known}`"
        ))
    })?;
    let requests = requests(&method.input(), &text)?;
    if !method.is_client_streaming() && requests.len() != 1 {
        let found = requests.len();
        let message = format!("`{name}` takes one request, found {found}");
        return Err(invalid_input(message));
    }
    let mut request = Request::new(stream::iter(requests));
    *request.metadata_mut() = metadata;
    request.set_timeout(timeout);
    let mut client = tonic::client::Grpc::new(channel)
        .max_decoding_message_size(usize::MAX)
        .max_encoding_message_size(usize::MAX);
    let path = format!("/{service}/{name}")
        .parse()
        .map_err(invalid_input)?;
    let codec = codec::Dynamic(method.output());
    // Ready at once: the channel waits in the call.
    let _ = client.ready().await;
    let answer = client
        .streaming(request, path, codec)
        .await
        .map_err(failed)?;
    let mut answers = answer.into_inner();
    while let Some(answer) = answers.message().await.map_err(failed)? {
        print(&answer)?;
    }
    if let Some(opened) = opened {
        let _ = opened.kv.close().await;
    }
    Ok(())
}

/// The channel, and the registry that it is found in.
async fn channel(method: &Method, mut config: Config) -> Result<(Channel, Option<Opened>), Ended> {
    let clients = &mut config.grpc.client;
    let name = match &method.target {
        Some(name) if clients.targets.contains_key(name) => name.clone(),
        Some(target) => {
            // What the config says of the service holds, except where it is.
            let entry = clients.targets.entry(method.service.clone()).or_default();
            (entry.target, entry.endpoints) = match TargetName::parse(target) {
                Ok(_) => (Some(target.clone()), None),
                Err(_) => (None, Some(vec![target.clone()])),
            };
            method.service.clone()
        }
        None => method.service.clone(),
    };
    let target = clients.targets.get(&name);
    let is_discovered = target.is_none_or(|entry| match &entry.target {
        Some(target) => target.starts_with("discovery:"),
        None => entry.endpoints.is_none(),
    });
    let opened = match &config.registry {
        Some(registry) if is_discovered => {
            Some(kv::open_registry(registry).await.map_err(|error| {
                could_not_run(format_args!("cannot open the registry: {error}"))
            })?)
        }
        _ => None,
    };
    let resolver = opened
        .as_ref()
        .map(|opened| Resolver::new(opened.directory.clone()));
    let clients = Clients::new(&config.grpc.client, resolver);
    let channel = clients.and_then(|clients| clients.channel(&name));
    Ok((channel.map_err(invalid_input)?, opened))
}

fn metadata(given: &[String]) -> Result<MetadataMap, Ended> {
    let mut metadata = MetadataMap::new();
    for text in given {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        let parsed = MetadataKey::from_bytes(key.as_bytes()).ok();
        let parsed = parsed.zip(value.parse::<MetadataValue<Ascii>>().ok());
        let Some((key, value)) = parsed.filter(|_| text.contains('=')) else {
            // Not shown: it may be a credential.
            return Err(invalid_input(
                "`--metadata` is not valid: expected KEY=VALUE, in ASCII",
            ));
        };
        metadata.insert(key, value);
    }
    Ok(metadata)
}

fn text(given: Option<&str>) -> Result<String, Ended> {
    match given {
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| could_not_run(format_args!("cannot read the request: {error}")))?;
            Ok(text)
        }
        Some(text) => Ok(text.to_owned()),
        None => Ok("{}".to_owned()),
    }
}

/// The messages of a text: one JSON value after the other.
fn requests(of: &MessageDescriptor, text: &str) -> Result<Vec<DynamicMessage>, Ended> {
    let mut requests = Vec::new();
    let values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    for value in values {
        let invalid = |error: serde_json::Error| {
            invalid_input(format_args!(
                "the request is not a `{}`: {error}",
                of.full_name()
            ))
        };
        let value = value.map_err(invalid)?;
        requests.push(DynamicMessage::deserialize(of.clone(), value).map_err(invalid)?);
    }
    Ok(requests)
}

fn print(answer: &DynamicMessage) -> Result<(), Ended> {
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::pretty(&mut text);
    let options = SerializeOptions::new().skip_default_fields(false);
    let written = answer.serialize_with_options(&mut writer, &options);
    written.map_err(|error| could_not_run(format_args!("the answer is not JSON: {error}")))?;
    text.push(b'\n');
    output::write(&text)
}

/// The call ended with this status.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the function of a map_err"
)]
fn failed(status: Status) -> Ended {
    invalid_input(shown(&status))
}

/// The code and the message, which comes from elsewhere: it moves no cursor.
fn shown(status: &Status) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let message: String = status.message().chars().map(shown).collect();
    let code = code::name(status.code());
    match message.is_empty() {
        true => format!("the call ended with {code}"),
        false => format!("the call ended with {code}: {message}"),
    }
}
