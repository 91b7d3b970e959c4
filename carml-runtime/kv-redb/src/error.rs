//! Errors of redb as errors of the contract.

use std::{io, path::Path};

use redb::DatabaseError;

use carml_kv::{Error, ErrorKind};

/// A failure of redb. Nothing was applied.
pub(super) fn store_error(op: &'static str, e: impl Into<redb::Error>) -> Error {
    let e = e.into();
    describe(op, &e).with_source(e)
}

/// The same without the source.
pub(super) fn describe(op: &'static str, e: &redb::Error) -> Error {
    use redb::Error as E;
    let (kind, advice) = match e {
        E::Corrupted(_)
        | E::TableTypeMismatch { .. }
        | E::TableIsMultimap(_)
        | E::TableIsNotMultimap(_)
        | E::TypeDefinitionChanged { .. }
        | E::TableDoesNotExist(_)
        | E::UpgradeRequired(_) => (ErrorKind::Corrupted, "restore the file from a backup"),
        E::DatabaseClosed => return closed(op),
        E::Io(e) if full(e) => (
            ErrorKind::Exhausted,
            "free disk space, then close the store and open it again",
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

/// The file cannot be opened.
pub(super) fn open_error(path: &Path, e: DatabaseError) -> Error {
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
                io::ErrorKind::InvalidData => (ErrorKind::Corrupted, "use another file"),
                io::ErrorKind::PermissionDenied => (
                    ErrorKind::PermissionDenied,
                    "the process needs read and write permission for the file and its directory",
                ),
                _ if full(&io) => (ErrorKind::Exhausted, "free disk space"),
                _ => (ErrorKind::Unavailable, "check that the directory exists"),
            };
            Error::new(kind, "open", format!("{io}; {advice}"))
                .with_backend("redb")
                .with_source(io)
        }
        other => store_error("open", other),
    };
    with_path(path, error)
}

/// Adds the path to the message.
pub(super) fn with_path(path: &Path, mut error: Error) -> Error {
    error.message = format!("{}: {}", path.display(), error.message);
    error
}

/// The commit failed; it may have reached the disk.
pub(super) fn commit_error(e: &redb::Error) -> Error {
    let why = format!(
        "the commit failed: {e}; close the store, open it again, and check whether the write was applied"
    );
    Error::new(ErrorKind::Indeterminate, "write", why).with_backend("redb")
}

pub(super) fn closed(op: &'static str) -> Error {
    Error::new(ErrorKind::Closed, op, "the store was closed").with_backend("redb")
}

/// redb panicked while reading a damaged file.
pub(super) fn damaged(op: &'static str) -> Error {
    let why = "the file is damaged, reading it failed; restore it from a backup";
    Error::new(ErrorKind::Corrupted, op, why).with_backend("redb")
}

/// The writer thread panicked.
pub(super) fn writer_panicked(op: &'static str) -> Error {
    let why = "the store's writer panicked; close the store and open it again";
    Error::new(ErrorKind::Unavailable, op, why).with_backend("redb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_permission_is_reported_as_such() {
        let denied = redb::StorageError::Io(io::ErrorKind::PermissionDenied.into());
        let error = open_error(Path::new("/data/kv"), DatabaseError::Storage(denied));
        assert_eq!(error.kind, ErrorKind::PermissionDenied);
        assert!(error.message.starts_with("/data/kv: "), "{error}");
    }
}
