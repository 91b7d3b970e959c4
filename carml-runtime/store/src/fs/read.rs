//! Objects of a folder, as they are read.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use carml_files::attributes;
use futures_util::stream;
use tokio::io::AsyncReadExt as _;

use super::{Fs, blocking, failed};
use crate::{ByteStream, Error, ErrorKind, GetOptions, Meta, Object, Sha256, memory::not_found};

/// The attribute of the content type.
pub(super) const CONTENT_TYPE: &str = "content-type";
/// The attribute of the SHA-256.
pub(super) const SHA256: &str = "sha256";
/// The attribute that lists the names of the metadata.
pub(super) const METADATA: &str = "metadata";

/// How much is read at once.
const CHUNK: usize = 256 << 10;

pub(super) async fn get(fs: &Fs, key: &str, options: GetOptions) -> Result<Object, Error> {
    let (path, name) = (fs.path("get", key)?, key.to_owned());
    let (meta, range, file) = blocking("get", move || {
        let mut file = open(&path).map_err(|error| failed("get", &name, error))?;
        let meta = describe(&mut file, &name).map_err(|error| failed("get", &name, error))?;
        options
            .check(meta.etag.as_deref())
            .map_err(|error| error.with_what(&name))?;
        let range = options
            .range
            .map(|range| range.within(meta.size))
            .transpose();
        let range = range
            .map_err(|error| error.with_what(&name))?
            .unwrap_or(0..meta.size);
        let sought = file.seek(SeekFrom::Start(range.start));
        sought.map_err(|error| failed("get", &name, error))?;
        Ok((meta, range, file))
    })
    .await?;
    let stream = content(file, &range, key.to_owned());
    Ok(Object {
        meta,
        range,
        stream,
    })
}

pub(super) async fn stat(fs: &Fs, key: &str) -> Result<Meta, Error> {
    let (path, name) = (fs.path("stat", key)?, key.to_owned());
    blocking("stat", move || {
        let meta = open(&path).and_then(|mut file| describe(&mut file, &name));
        meta.map_err(|error| match error.kind() {
            io::ErrorKind::NotADirectory => not_found("stat", &name),
            _ => failed("stat", &name, error),
        })
    })
    .await
}

/// Opens a file; a folder is `NotFound`.
pub(super) fn open(path: &Path) -> io::Result<File> {
    // A FIFO would block.
    let is_file = |metadata: std::fs::Metadata| metadata.is_file();
    match std::fs::metadata(path).map(is_file) {
        Ok(true) => File::open(path),
        Ok(false) => Err(io::ErrorKind::NotFound.into()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(io::ErrorKind::NotFound.into())
        }
        Err(error) => Err(error),
    }
}

/// What is known of an open file. A file of another program is read for its ETag.
pub(super) fn describe(file: &mut File, key: &str) -> io::Result<Meta> {
    let metadata = file.metadata()?;
    let recorded = text(file, SHA256)?;
    let etag = match &recorded {
        Some(sum) => sum.clone(),
        None => sum(file)?,
    };
    let mut names = BTreeMap::new();
    for name in text(file, METADATA)?.unwrap_or_default().split_whitespace() {
        if let Some(value) = text(file, &format!("{METADATA}.{name}"))? {
            names.insert(name.to_owned(), value);
        }
    }
    Ok(Meta {
        name: key.to_owned(),
        size: metadata.len(),
        etag: Some(etag),
        content_type: text(file, CONTENT_TYPE)?,
        metadata: names,
        sha256: recorded,
        modified: metadata.modified().ok(),
    })
}

fn text(file: &File, attribute: &str) -> io::Result<Option<String>> {
    let value = attributes::get(file, attribute)?;
    Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
}

/// The SHA-256 of a file.
fn sum(file: &mut File) -> io::Result<String> {
    let mut sum = Sha256::default();
    let mut chunk = vec![0; CHUNK];
    file.seek(SeekFrom::Start(0))?;
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(sum.hex()),
            read => sum.update(&chunk[..read]),
        }
    }
}

/// The SHA-256 of the file at a path.
pub(crate) async fn sum_of(path: PathBuf) -> Result<String, Error> {
    let name = path.display().to_string();
    blocking("put", move || {
        let sum = File::open(&path).and_then(|mut file| sum(&mut file));
        sum.map_err(|error| Error::io("put", error).with_what(name))
    })
    .await
}

/// The bytes of a range, from where the file is.
fn content(file: File, range: &Range<u64>, key: String) -> ByteStream {
    let mut file = tokio::fs::File::from_std(file);
    file.set_max_buf_size(CHUNK);
    let left = range.end - range.start;
    let next = |state: Option<(tokio::fs::File, u64, String)>| async move {
        let (mut file, left, key) = state?;
        if left == 0 {
            return None;
        }
        let mut chunk = BytesMut::with_capacity(CHUNK.min(left as usize));
        match file.read_buf(&mut chunk).await {
            Ok(0) => {
                let message = format!("the file has become shorter: {left} bytes are missing");
                let error = Error::new(ErrorKind::Truncated, "get", message).with_what(key);
                Some((Err(error), None))
            }
            Ok(read) => {
                chunk.truncate(read.min(left as usize));
                let left = left - chunk.len() as u64;
                let chunk: Bytes = chunk.freeze();
                Some((Ok(chunk), Some((file, left, key))))
            }
            Err(error) => Some((Err(failed("get", &key, error)), None)),
        }
    };
    Box::pin(stream::unfold(Some((file, left, key)), next))
}
