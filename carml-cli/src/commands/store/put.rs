//! `carml store put`.

use std::{collections::BTreeMap, path::PathBuf};

use carml_runtime::store::{Body, Mode, PutOptions, Store};
use futures_util::stream;
use tokio::io::AsyncReadExt as _;

use super::{Done, print, progress::observed};

/// Write an object from a file, a folder or standard input; print its ETag
#[derive(clap::Args)]
pub(super) struct Args {
    /// The file; `-` for standard input; a folder is packed as a tar.gz
    file: PathBuf,

    /// The name of the object
    key: String,

    /// The content type, such as application/json
    #[arg(long = "type", value_name = "TYPE")]
    content_type: Option<String>,

    /// A name and a value to keep with the object; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    meta: Vec<(String, String)>,

    /// Write only if there is no such object
    #[arg(long)]
    create: bool,

    /// Write only if the object has this ETag, as `stat` prints it
    #[arg(long, value_name = "ETAG", conflicts_with = "create")]
    if_match: Option<String>,

    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Args {
    pub(super) async fn run(self, store: &Store) -> Done {
        let key = self.key.parse()?;
        let mode = match (self.create, self.if_match) {
            (true, _) => Mode::Create,
            (false, Some(etag)) => Mode::Match(etag.trim_matches('"').to_owned()),
            (false, None) => Mode::Overwrite,
        };
        let (events, shown) = observed(&self.key, self.quiet);
        let options = PutOptions {
            content_type: self.content_type,
            metadata: BTreeMap::from_iter(self.meta),
            mode,
            events,
        };
        let body = match &self.file {
            path if path.as_os_str() == "-" => stdin(),
            path if path.is_dir() => Body::folder(path),
            path => Body::file(path),
        };
        let (put, ()) = tokio::join!(store.put(&key, body, options), shown);
        Ok(print(&[put?.etag]))
    }
}

/// Standard input, chunk by chunk.
fn stdin() -> Body {
    const CHUNK: usize = 256 << 10;
    let chunks = stream::try_unfold(tokio::io::stdin(), |mut input| async move {
        let mut chunk = bytes::BytesMut::with_capacity(CHUNK);
        let read = input.read_buf(&mut chunk).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (chunk.freeze(), input)))
    });
    Body::stream(chunks, None)
}
