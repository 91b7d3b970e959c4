//! What every backend refuses before it sends or writes anything.

use crate::{Error, ErrorKind, Key, MAX_VALUE, Op, Txn};

/// Checks the size of a value.
///
/// # Errors
///
/// `TooLarge` beyond [`MAX_VALUE`].
pub fn check_value(
    backend: &'static str,
    op: &'static str,
    key: &Key,
    value: &[u8],
) -> Result<(), Error> {
    if value.len() <= MAX_VALUE {
        return Ok(());
    }
    let why = format!(
        "the value has {} bytes, the limit is {MAX_VALUE}",
        value.len()
    );
    Err(Error::new(ErrorKind::TooLarge, op, why)
        .with_backend(backend)
        .with_key(key.as_str()))
}

/// Checks the values of a transaction, and that it changes each key at most once.
///
/// # Errors
///
/// `TooLarge` beyond [`MAX_VALUE`], `InvalidArgument` for a key that two operations change.
pub fn check_txn(backend: &'static str, op: &'static str, txn: &Txn) -> Result<(), Error> {
    for one in &txn.ops {
        if let Op::Put(key, value, _) = one {
            check_value(backend, op, key, value)?;
        }
    }
    match txn.duplicate_key() {
        None => Ok(()),
        Some(key) => {
            let why = "a transaction may change each key at most once";
            Err(Error::new(ErrorKind::InvalidArgument, op, why)
                .with_backend(backend)
                .with_key(key.as_str()))
        }
    }
}
