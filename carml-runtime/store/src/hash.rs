//! SHA-256 of what passes.

use std::fmt;

use futures_util::{StreamExt as _, stream};
use sha2::Digest as _;

use crate::{ByteStream, Error, ErrorKind};

/// A running SHA-256.
#[derive(Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl Sha256 {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum in lower-case hexadecimal.
    pub fn hex(self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0.finalize() {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(digit.into(), 16));
            }
        }
        text
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256")
    }
}

/// The stream of a whole object, which ends with `ChecksumMismatch` if it has another sum.
pub fn verified(inner: ByteStream, expected: String, what: String) -> ByteStream {
    let state = Some((inner, Sha256::default(), expected, what));
    let next = |state: Option<(ByteStream, Sha256, String, String)>| async move {
        let (mut inner, mut sum, expected, what) = state?;
        match inner.next().await {
            Some(Ok(chunk)) => {
                sum.update(&chunk);
                Some((Ok(chunk), Some((inner, sum, expected, what))))
            }
            Some(Err(error)) => Some((Err(error), None)),
            None => {
                let found = sum.hex();
                if found == expected {
                    return None;
                }
                let message = format!("the content has sha256 {found}, expected {expected}");
                let error = Error::new(ErrorKind::ChecksumMismatch, "read", message);
                Some((Err(error.with_what(what)), None))
            }
        }
    };
    Box::pin(stream::unfold(state, next))
}
