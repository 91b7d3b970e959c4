//! What the machine of a service does not have.

use crate::{Code, Text, text, trusted};

/// What a config needs of its surroundings and did not find. Addresses and folders are shown as the
/// service uses them, without the credentials of the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// A folder does not exist.
    Folder {
        /// The folder.
        folder: String,
        /// Whether the file of the store would be in it.
        is_of_store: bool,
    },
    /// The server cannot listen on its address.
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        problem: String,
    },
    /// A server does not accept a connection.
    Unanswered {
        /// Its address.
        address: String,
        /// Why.
        problem: Unanswered,
    },
}

/// Why there is no connection to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Its name is not known.
    NotResolved,
    /// Its name has no address.
    NoAddress,
    /// What the system says.
    Refused(String),
    /// It took too long.
    Late,
}

impl Preflight {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Folder { .. } => Code::Path,
            Self::Listen { .. } => Code::Listen,
            Self::Unanswered { .. } => Code::Unanswered,
        }
    }

    pub(super) fn message(&self) -> Text {
        match self {
            Self::Folder {
                folder,
                is_of_store,
            } => text![
                "the folder `",
                folder.clone(),
                match is_of_store {
                    true => "` of the store's file does not exist",
                    false => "` does not exist",
                }
            ],
            Self::Listen { address, problem } => text![
                "cannot listen on ",
                address.clone(),
                trusted(format!(": {problem}"))
            ],
            Self::Unanswered { address, problem } => {
                let address = address.clone();
                match problem {
                    Unanswered::NotResolved => {
                        text!["the name of ", address, " does not resolve"]
                    }
                    Unanswered::NoAddress => {
                        text!["the name of ", address, " resolves to no address"]
                    }
                    Unanswered::Refused(why) => {
                        text![address, trusted(format!(" does not answer: {why}"))]
                    }
                    Unanswered::Late => text![address, " did not answer in time"],
                }
            }
        }
    }
}
