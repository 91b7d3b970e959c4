//! A thread that hashes a file while it is written.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
};

use bytes::Bytes;

use crate::{
    Checksum,
    checksum::{Digests, Hasher},
};

/// How many pieces may wait.
const QUEUE: usize = 16;

const BUFFER: usize = 256 * 1024;

/// Hashes bytes in their order in the file.
pub(super) struct Hashing {
    pieces: SyncSender<Piece>,
    thread: JoinHandle<io::Result<Digests>>,
    /// What was handed over.
    front: u64,
}

enum Piece {
    Bytes(Bytes),
    /// This many more bytes, which are in the file already.
    FromFile(u64),
}

impl Hashing {
    pub(super) fn start(path: &Path, expected: &[Checksum]) -> io::Result<Self> {
        let (pieces, queue) = sync_channel(QUEUE);
        let mut hasher = Hasher::new(expected);
        let mut file = File::open(path)?;
        let thread = Builder::new()
            .name("carml-hash".to_owned())
            .spawn(move || {
                let mut front = 0;
                for piece in queue {
                    front += match piece {
                        Piece::Bytes(bytes) => {
                            hasher.update(&bytes);
                            bytes.len() as u64
                        }
                        Piece::FromFile(length) => {
                            hash_range(&mut file, front, length, &mut hasher)?;
                            length
                        }
                    };
                }
                Ok(hasher.finish())
            })?;
        Ok(Self {
            pieces,
            thread,
            front: 0,
        })
    }

    /// Bytes that were written at `offset`, after which the file is complete up to `front`.
    ///
    /// An error of the thread shows in `finish`.
    pub(super) fn written(&mut self, offset: u64, bytes: Bytes, front: u64) {
        if offset == self.front {
            self.front += bytes.len() as u64;
            let _ = self.pieces.send(Piece::Bytes(bytes));
        }
        self.catch_up(front);
    }

    /// The file is complete up to `front`.
    pub(super) fn catch_up(&mut self, front: u64) {
        if front > self.front {
            let _ = self.pieces.send(Piece::FromFile(front - self.front));
            self.front = front;
        }
    }

    pub(super) fn finish(self) -> io::Result<Digests> {
        drop(self.pieces);
        let panicked = || io::Error::other("the thread that hashes panicked");
        self.thread.join().map_err(|_| panicked())?
    }
}

fn hash_range(file: &mut File, start: u64, length: u64, hasher: &mut Hasher) -> io::Result<()> {
    file.seek(SeekFrom::Start(start))?;
    let mut rest = file.take(length);
    let mut buffer = vec![0; BUFFER];
    let mut left = length;
    while left > 0 {
        let read = rest.read(&mut buffer)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&buffer[..read]);
        left -= read as u64;
    }
    Ok(())
}

/// The hashes of a whole file.
pub(crate) fn hash_file(path: &Path, expected: &[Checksum]) -> io::Result<Digests> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut hasher = Hasher::new(expected);
    hash_range(&mut file, 0, length, &mut hasher)?;
    Ok(hasher.finish())
}
