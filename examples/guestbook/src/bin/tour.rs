//! The tour: starts the service, calls it over gRPC, and shows on one screen what happened.

use std::{error::Error, path::Path, sync::Arc, sync::Mutex, time::Instant};

use carml_runtime::{
    App,
    config::{Loader, Schema},
    grpc::chain::Chain,
};
use guestbook::{
    Book,
    config::AppConfig,
    proto::guestbook::v1::{Entry, GuestbookClient, ReadRequest, SignRequest},
};
use tokio::sync::oneshot;
use tonic::{Code, Response, Status, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// The config, with one spelling mistake.
const MISTAKE: (&str, &str) = ("middleware:", "middelware:");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let log = Log::default();
    log.install();
    let folder = tempfile::tempdir()?;
    // A store and a port for this tour; everything else is as in the file.
    let sets = [
        format!("registry.path={}/book.redb", folder.path().display()),
        "grpc.server.listen=127.0.0.1:0".to_owned(),
    ];
    let file = shortened(concat!(env!("CARGO_MANIFEST_DIR"), "/carml.yml"));

    println!("\n1. The config: {file}");
    let mut loader = Loader::new(Schema::of::<AppConfig>()?).file(&file);
    for set in &sets {
        loader = loader.set(set);
    }
    let loaded = loader.load()?;
    for key in [
        "grpc/server/listen",
        "registry/provider",
        "registry/timeout",
        "guestbook/greeting",
    ] {
        let pointer = format!("/{key}");
        let value = loaded.value().pointer(&pointer).unwrap_or_default();
        let origin = loaded.origin(&pointer).to_string();
        let origin = origin.rsplit('/').next().unwrap_or_default();
        println!(
            "   {:<22} {:<16} {origin}",
            key.replace('/', "."),
            value.to_string()
        );
    }
    let config: AppConfig = loaded.typed()?;
    let chain = Chain::compile(&config.grpc.server.middleware)?;
    println!("\n2. The chain, as the config lists it\n   {chain}");

    let (ready, bound) = oneshot::channel();
    let (stop, stopped) = oneshot::channel();
    let mut app = App::<AppConfig>::new().config_file(&file);
    for set in sets {
        app = app.set(set);
    }
    let app = app.service(Book::new).ready(ready).stop(stopped);
    let serving = tokio::spawn(app.serve());
    let Ok(address) = bound.await else {
        return Ok(serving.await??);
    };
    println!("\n3. The service, on {address}");
    call(format!("http://{address}")).await?;
    let begun = Instant::now();
    // The receiver exists: the service has just answered.
    let _ = stop.send(());
    serving.await??;
    println!("   drained and ended in {:.0?}", begun.elapsed());
    let lines = log.lines();
    if let Some(line) = lines
        .iter()
        .find(|line| line.contains("RESOURCE_EXHAUSTED"))
    {
        let start: String = line.trim().chars().take(100).collect();
        println!("   one line of its log: {start}…");
    }

    println!("\n4. The same config with a spelling mistake");
    let text = std::fs::read_to_string(&file)?.replacen(MISTAKE.0, MISTAKE.1, 1);
    let app = App::<AppConfig>::new().config_text("carml.yml", &text);
    if let Err(error) = app.service(Book::new).serve().await {
        for line in error.to_string().trim_end().lines() {
            println!("   {line}");
        }
    }
    println!("{NEXT}");
    Ok(())
}

const NEXT: &str = "
Next
   cargo install --path carml-cli     the command `carml`
   carml new ../my-service            a service of your own; its README goes on from here
   examples/guestbook                 this one: proto/, src/lib.rs, carml.yml";

/// Calls that are answered, and calls that are refused.
async fn call(url: String) -> Result<(), Box<dyn Error>> {
    let channel = Endpoint::from_shared(url)?.connect().await?;
    let mut book = GuestbookClient::new(channel.clone());
    let guests = [
        ("Ada", "What a fine engine.".to_owned()),
        ("Grace", "Found a moth.".to_owned()),
        ("Mallory", "m".repeat(5000)),
        ("../etc", "Let me out.".to_owned()),
    ];
    for (name, text) in guests {
        let shown = match text.len() {
            0..30 => format!("{text:?}"),
            length => format!("{length} bytes"),
        };
        let entry = Some(Entry {
            name: name.to_owned(),
            text,
        });
        let signed = book.sign(SignRequest { entry }).await;
        show(
            &format!("Sign {name}: {shown}"),
            signed.map(|reply| reply.into_inner().text),
        );
    }
    let read = async {
        let mut entries = book.read(ReadRequest {}).await?.into_inner();
        let mut names = Vec::new();
        while let Some(entry) = entries.message().await? {
            names.push(entry.name);
        }
        Ok(names.join(", "))
    };
    show("Read", read.await);
    let service = "guestbook.v1.Guestbook".to_owned();
    let health = HealthClient::new(channel)
        .check(HealthCheckRequest { service })
        .await;
    let health = health.map(Response::into_inner);
    show(
        "Health Check",
        health.map(|health| format!("{:?}", health.status())),
    );
    Ok(())
}

fn show(call: &str, answer: Result<String, Status>) {
    match answer {
        Ok(text) => println!("   {call:<34} OK  {text}"),
        Err(status) => println!("   {call:<34} {}", refused(&status)),
    }
}

fn refused(status: &Status) -> String {
    let code = match status.code() {
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED".to_owned(),
        Code::InvalidArgument => "INVALID_ARGUMENT".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{code}: {}", status.message())
}

/// Relative to the current folder, if it is inside.
fn shortened(file: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let file = Path::new(file);
    file.strip_prefix(here)
        .unwrap_or(file)
        .display()
        .to_string()
}

/// Keeps the log for later: otherwise its lines would be between those of the tour.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn install(&self) {
        let log = self.clone();
        tracing_subscriber::fmt()
            .compact()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(move || log.clone())
            .init();
    }

    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().map(|log| log.clone()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        text.lines().map(str::to_owned).collect()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Ok(mut log) = self.0.lock() {
            log.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
