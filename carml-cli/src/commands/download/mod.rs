//! `carml download`.

use std::{path::PathBuf, process::ExitCode};

use carml_runtime::download::{
    Cached, Checksum, Downloads, Error, Event, EventReceiver, Request, Unpack, events,
};
use futures_util::future::join_all;
use serde_json::json;

use super::{
    COULD_NOT_RUN, INVALID_INPUT, cache, could_not_run,
    downloads::{Choice, Unopened},
    invalid_input, output,
    progress::{Progress, Transfer},
};

/// Download files into a cache, with checksums, and resume after an interruption
#[derive(clap::Args)]
#[command(after_help = "\
Downloads each URL into the cache, and prints the path of the file, one line per URL. A file that is
in the cache is not downloaded again; without a checksum, the server is asked whether it has
changed. Do not edit files in the cache: copy them with -o or -d.

Examples:
  carml download https://example.org/model.onnx            print its path in the cache
  carml download -o model.onnx https://example.org/m.onnx  place a copy here
  carml download -d models URL URL                         place copies in a folder
  carml download --checksum sha256:9f86… URL               fail unless it is this file
  carml download URL#sha256=9f86…                          the same, for one of several URLs
  carml download --unpack https://example.org/m.tar.gz     print the path of a folder
  carml download --limit 2mb URL                           at most 2 MB per second
  model=$(carml download --quiet URL)                      in a script
  carml download --config carml.yml store:models/a.onnx    an object of the section `store`

Exit code 1: the file is missing, refused, has another checksum, or is an unsafe archive. 2: the
network or the disk failed; run the same command again to resume.")]
pub(crate) struct Args {
    /// https:, http:, file: or store: URLs
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,

    /// The checksum that the file must have: sha256:HEX, sha512:HEX or md5:HEX
    #[arg(long, value_name = "ALG:HEX")]
    checksum: Option<Checksum>,

    /// Place a copy at this path
    #[arg(short, long, value_name = "PATH", conflicts_with = "directory")]
    output: Option<PathBuf>,

    /// Place copies in this folder, with the names that the URLs end with
    #[arg(short, long, value_name = "DIR")]
    directory: Option<PathBuf>,

    /// Unpack tar, tar.gz, tar.zst, tar.xz and zip archives, with strict rules
    #[arg(long)]
    unpack: bool,

    /// Use only the cache
    #[arg(long, conflicts_with = "force")]
    offline: bool,

    /// Download files even if they are in the cache
    #[arg(long)]
    force: bool,

    /// Limit the transfer to this many bytes per second, such as 500k or 2mb
    #[arg(long, value_name = "RATE", value_parser = cache::size)]
    limit: Option<u64>,

    /// Print a line of JSON per URL
    #[arg(long)]
    json: bool,

    /// Print no progress
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten)]
    choice: Choice,
}

pub(crate) fn run(args: Args) -> ExitCode {
    if args.urls.len() > 1 && (args.checksum.is_some() || args.output.is_some()) {
        return invalid_input(
            "--checksum and --output are for one URL: write URL#sha256=HEX, or use --directory",
        );
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return could_not_run(error),
    };
    // Dropping the runtime waits until what arrived is kept.
    runtime.block_on(async {
        tokio::select! {
            code = download(args) => code,
            _ = tokio::signal::ctrl_c() => {
                could_not_run("interrupted; the same command continues")
            }
        }
    })
}

async fn download(mut args: Args) -> ExitCode {
    let requests = args.urls.iter().map(|url| request(url, &args));
    let requests: Vec<Request> = match requests.collect::<Result<_, String>>() {
        Ok(requests) => requests,
        Err(error) => return invalid_input(error),
    };
    let (offline, limit) = (args.offline, args.limit);
    let choice = args.choice;
    let has_objects = args.urls.iter().any(|url| url.starts_with("store:"));
    let opened = choice.open(has_objects, |options| {
        options.offline |= offline;
        options.rate_limit = limit.or(options.rate_limit);
    });
    let downloads = match opened.await {
        Ok(downloads) => downloads,
        Err(Unopened::Config(error)) => return invalid_input(error),
        Err(Unopened::Downloads(error)) => return failed(&error),
        #[cfg(feature = "store")]
        Err(Unopened::Store(error)) => return could_not_run(error),
    };
    let progress = Progress::new(args.quiet);
    let names = std::mem::take(&mut args.urls);
    let fetches = requests
        .into_iter()
        .map(|request| fetch(&downloads, &progress, request));
    let results = join_all(fetches).await;
    let mut code = ExitCode::SUCCESS;
    let mut is_network = false;
    for (url, result) in names.iter().zip(results) {
        match result {
            Ok(cached) => {
                let line = match args.json {
                    true => json_line(url, &cached),
                    false => format!("{}\n", cached.path.display()),
                };
                if let Err(code) = output::write(line.as_bytes()) {
                    return code;
                }
            }
            Err(error) => {
                output::eprint(format_args!("error: {error}"));
                is_network |= !error.is_input();
                code = ExitCode::from(if is_network {
                    COULD_NOT_RUN
                } else {
                    INVALID_INPUT
                });
            }
        }
    }
    code
}

fn request(url: &str, args: &Args) -> Result<Request, String> {
    let mut request = Request::command_line(url).force(args.force);
    if let Some(checksum) = &args.checksum {
        request = request.checksum(checksum.clone());
    }
    if args.unpack {
        request = request.unpack(Unpack::Auto);
    }
    if let Some(path) = &args.output {
        request = request.to(path);
    }
    if let Some(directory) = &args.directory {
        let name = request.file_name().ok_or_else(|| {
            "the URL does not end with a name that a file can have: use --output".to_owned()
        })?;
        request = request.to(directory.join(name));
    }
    Ok(request)
}

async fn fetch(
    downloads: &Downloads,
    progress: &Progress,
    request: Request,
) -> Result<Cached, Error> {
    let (sender, receiver) = events();
    let shown = follow(receiver, progress.transfer());
    let (fetched, ()) = tokio::join!(downloads.fetch(request.events(sender)), shown);
    fetched
}

/// Shows what happens, until it ends.
async fn follow(mut events: EventReceiver, mut shown: Transfer) {
    while let Some(event) = events.next().await {
        match event {
            Event::Started { url, size, resumed } => shown.started(&url, size, resumed),
            Event::Progress { received, size } => shown.progress(received, size),
            Event::Waiting => shown.note("another process downloads it"),
            Event::Retry { after, why } => shown.retry(after, &why),
            Event::Restarted { why } => {
                shown.note(&format!("from the first byte again: {why}"));
            }
            Event::Unpacking => shown.note("unpacking"),
            _ => {}
        }
    }
}

fn failed(error: &Error) -> ExitCode {
    if error.is_input() {
        invalid_input(error)
    } else {
        could_not_run(error)
    }
}

fn json_line(url: &str, cached: &Cached) -> String {
    let line = json!({
        "url": url,
        "path": cached.path.display().to_string(),
        "sha256": cached.sha256,
        "size": cached.size,
        "source": cached.source.as_str(),
        "received": cached.received,
    });
    format!("{line}\n")
}
