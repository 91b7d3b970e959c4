//! A folder as a tar.gz. The same content gives the same bytes: entries are sorted, and have no owner
//! and no time.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Component, Path, PathBuf},
};

use bytes::{BufMut as _, Bytes, BytesMut};
use flate2::{Compression, write::GzEncoder};
use futures_util::{StreamExt as _, stream};
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

use crate::{ByteStream, Error, ErrorKind, Sha256};

/// How much is sent at once, and how many of these may wait.
const CHUNK: usize = 256 << 10;
const CHUNKS: usize = 4;

/// How deep folders may be: what the extractor of downloads takes.
const MAX_DEPTH: usize = 64;

/// The folder as a tar.gz, made while it is read.
pub(crate) fn pack(folder: PathBuf) -> ByteStream {
    let (sender, mut chunks) = mpsc::channel(CHUNKS);
    tokio::task::spawn_blocking(move || {
        let chunks = Chunks {
            chunk: BytesMut::new(),
            sender: sender.clone(),
        };
        if let Err(error) = write(&folder, chunks) {
            // Nobody may be reading any more.
            let _ = sender.blocking_send(Err(error));
        }
    });
    Box::pin(stream::poll_fn(move |cx| chunks.poll_recv(cx)))
}

/// The size and the SHA-256 of what [`pack`] gives.
pub(crate) async fn measure(folder: PathBuf) -> Result<(u64, String), Error> {
    let (mut size, mut sum) = (0, Sha256::default());
    let mut chunks = pack(folder);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        size += chunk.len() as u64;
        sum.update(&chunk);
    }
    Ok((size, sum.hex()))
}

fn write(folder: &Path, chunks: Chunks) -> Result<(), Error> {
    let mut tar = Builder::new(GzEncoder::new(chunks, Compression::default()));
    entries(&mut tar, folder, "", 1)?;
    let ended = tar.into_inner().and_then(GzEncoder::finish);
    ended
        .and_then(|mut chunks| chunks.flush())
        .map_err(|error| failed(folder, error))
}

/// Adds what is in a folder; `prefix` is its name in the archive.
fn entries<W: Write>(
    tar: &mut Builder<W>,
    folder: &Path,
    prefix: &str,
    depth: usize,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(refused(folder, "folders are too deep: at most 64"));
    }
    let mut paths = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<io::Result<Vec<_>>>()
        })
        .map_err(|error| failed(folder, error))?;
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| refused(&path, "the name is not UTF-8"))?;
        let name = format!("{prefix}{name}");
        let known = fs::symlink_metadata(&path).map_err(|error| failed(&path, error))?;
        let added = if known.is_dir() {
            let name = format!("{name}/");
            let mut header = header(EntryType::Directory, 0o755, 0);
            tar.append_data(&mut header, &name, io::empty())
                .map_err(|error| failed(&path, error))?;
            entries(tar, &path, &name, depth + 1)?;
            Ok(())
        } else if known.is_symlink() {
            let target = fs::read_link(&path).map_err(|error| failed(&path, error))?;
            if !is_inside(&target, depth - 1) {
                return Err(refused(&path, "the link leads out of the folder"));
            }
            let mut header = header(EntryType::Symlink, 0o777, 0);
            tar.append_link(&mut header, &name, &target)
        } else if known.is_file() {
            let mode = if is_executable(&known) { 0o755 } else { 0o644 };
            let mut header = header(EntryType::Regular, mode, known.len());
            File::open(&path).and_then(|file| {
                let content = Exactly {
                    content: file.take(known.len()),
                };
                tar.append_data(&mut header, &name, content)
            })
        } else {
            let why = "it is not a file, a folder or a link";
            return Err(refused(&path, why));
        };
        added.map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// Whether the target of a link that is so many folders below the root stays below the root.
fn is_inside(target: &Path, depth: usize) -> bool {
    let mut depth = depth;
    for component in target.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

#[cfg(unix)]
fn is_executable(known: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    known.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

fn failed(path: &Path, error: io::Error) -> Error {
    let message = format!("{}: {error}", path.display());
    Error::new(ErrorKind::Io, "put", message).with_source(error)
}

fn refused(path: &Path, why: &str) -> Error {
    let message = format!("{}: {why}", path.display());
    Error::new(ErrorKind::InvalidArgument, "put", message)
}

/// A file that has the size which the archive says, or fails.
struct Exactly {
    content: io::Take<File>,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.content.limit() > 0 {
            return Err(io::Error::other(
                "the file became shorter while it was read",
            ));
        }
        Ok(count)
    }
}

/// Sends what is written in chunks.
struct Chunks {
    chunk: BytesMut,
    sender: mpsc::Sender<Result<Bytes, Error>>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.put_slice(&bytes[..taken]);
        if self.chunk.len() == CHUNK {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = self.chunk.split().freeze();
        let sent = self.sender.blocking_send(Ok(chunk));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_link_stays_inside_whatever_its_way() {
        for (target, depth, expected) in [
            ("a", 0, true),
            ("./a/../b", 0, true),
            ("..", 0, false),
            ("../a", 1, true),
            ("../../a", 1, false),
            ("a/../../b", 0, false),
            ("/a", 3, false),
        ] {
            assert_eq!(is_inside(Path::new(target), depth), expected, "{target}");
        }
    }

    #[tokio::test]
    async fn the_same_content_gives_the_same_bytes() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (folder, names) in [(&one, ["b", "a", "c"]), (&other, ["c", "b", "a"])] {
            for name in names {
                fs::create_dir(folder.path().join(name)).unwrap();
                fs::write(folder.path().join(name).join("file"), name).unwrap();
            }
        }
        let changed = File::open(other.path().join("a/file")).unwrap();
        changed
            .set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
        let (first, second) = (
            measure(one.path().to_owned()),
            measure(other.path().to_owned()),
        );
        assert_eq!(first.await.unwrap(), second.await.unwrap());
    }

    #[tokio::test]
    async fn what_cannot_be_unpacked_again_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink("../outside", &link).unwrap();
            let error = measure(folder.path().to_owned()).await.unwrap_err();
            assert!(error.message.contains("leads out"), "{error}");
            fs::remove_file(link).unwrap();
            let socket = folder.path().join("socket");
            let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            let error = measure(folder.path().to_owned()).await.unwrap_err();
            assert!(
                error.message.contains("socket: it is not a file"),
                "{error}"
            );
        }
        let error = measure(folder.path().join("missing")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Io, "{error}");
    }
}
