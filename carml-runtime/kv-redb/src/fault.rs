//! What redb says, in the contract's words.
use std::{io, path::Path};

use redb::DatabaseError;

use carml_kv::{Error, ErrorKind};

/// A failure of redb. Nothing was applied.
pub(super) fn fault(op: &'static str, e: impl Into<redb::Error>) -> Error {
    let e = e.into();
    describe(op, &e).with_source(e)
}

/// The same without its cause.
pub(super) fn describe(op: &'static str, e: &redb::Error) -> Error {
    use redb::Error as E;
    let (kind, advice) = match e {
        E::Corrupted(_)
        | E::TableTypeMismatch { .. }
        | E::TableIsMultimap(_)
        | E::TableIsNotMultimap(_)
        | E::TypeDefinitionChanged { .. }
        | E::TableDoesNotExist(_)
        | E::UpgradeRequired(_) => (ErrorKind::Corrupted, "bring the file back from a copy"),
        E::DatabaseClosed => return closed(op),
        E::Io(e) if full(e) => (
            ErrorKind::Exhausted,
            "make room, then close the store and open it again",
        ),
        // After a failure redb refuses everything until the file is opened again.
        _ => (ErrorKind::Unavailable, "close the store and open it again"),
    };
    Error::new(kind, op, format!("{e}; {advice}")).with_backend("redb")
}

fn full(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// The file does not open.
pub(super) fn unopened(path: &Path, e: DatabaseError) -> Error {
    let error = match e {
        DatabaseError::DatabaseAlreadyOpen => {
            let why = "another handle or process holds the file; one process serves it, others \
                       use `carml kv serve`";
            Error::new(ErrorKind::Busy, "open", why)
                .with_backend("redb")
                .with_source(e)
        }
        DatabaseError::Storage(redb::StorageError::Io(io)) => {
            let (kind, advice) = match io.kind() {
                io::ErrorKind::InvalidData => (ErrorKind::Corrupted, "name another file"),
                _ if full(&io) => (ErrorKind::Exhausted, "make room"),
                _ => (
                    ErrorKind::Unavailable,
                    "see that its directory exists and may be written",
                ),
            };
            Error::new(kind, "open", format!("{io}; {advice}"))
                .with_backend("redb")
                .with_source(io)
        }
        other => fault("open", other),
    };
    at(path, error)
}

/// Names the file.
pub(super) fn at(path: &Path, mut error: Error) -> Error {
    error.message = format!("{}: {}", path.display(), error.message);
    error
}

/// A commit failed: it may have reached the disk.
pub(super) fn uncertain(e: &redb::Error) -> Error {
    let why = format!("the commit failed: {e}; close the store, open it again and look");
    Error::new(ErrorKind::Indeterminate, "write", why).with_backend("redb")
}

pub(super) fn closed(op: &'static str) -> Error {
    Error::new(ErrorKind::Closed, op, "the store was closed").with_backend("redb")
}

/// redb panicked at what it read.
pub(super) fn damaged(op: &'static str) -> Error {
    let why = "the file is damaged: redb panicked at it; bring it back from a copy";
    Error::new(ErrorKind::Corrupted, op, why).with_backend("redb")
}

/// The writer thread panicked.
pub(super) fn broken(op: &'static str) -> Error {
    let why = "the store's writer panicked; close the store and open it again";
    Error::new(ErrorKind::Unavailable, op, why).with_backend("redb")
}
