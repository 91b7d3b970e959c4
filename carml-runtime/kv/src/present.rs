//! What is there instead of an expected revision.

use std::fmt;

use crate::Revision;

/// What a failed condition found instead of the expected revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// No such key.
    Missing,
    /// The key, with a revision that the backend does not tell.
    Exists,
    /// The key with this revision.
    At(Revision),
}

impl From<Option<Revision>> for Present {
    fn from(revision: Option<Revision>) -> Present {
        revision.map_or(Present::Missing, Present::At)
    }
}

impl fmt::Display for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Present::Missing => f.write_str("no such key"),
            Present::Exists => f.write_str("the key"),
            Present::At(Revision(revision)) => write!(f, "revision {revision}"),
        }
    }
}
