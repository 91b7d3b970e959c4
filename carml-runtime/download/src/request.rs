//! What is asked for.

use std::{path::PathBuf, time::Duration};

use crate::{Algorithm, Checksum, Error, EventSender};

/// A file to download.
///
/// ```
/// use carml_download::{Request, Unpack};
///
/// let request = Request::new("https://example.org/model.tar.gz")
///     .sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
///     .unpack(Unpack::Auto);
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `Downloads::fetch`"]
pub struct Request {
    pub(crate) url: String,
    pub(crate) checksums: Vec<Checksum>,
    /// Why the request is invalid: reported by `fetch`.
    pub(crate) invalid: Option<Error>,
    pub(crate) trust: Trust,
    pub(crate) unpack: Option<Unpack>,
    pub(crate) to: Option<PathBuf>,
    pub(crate) force: bool,
    pub(crate) deadline: Option<Duration>,
    pub(crate) events: Option<EventSender>,
}

/// Where a URL is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trust {
    /// The operator's command line.
    CommandLine,
    /// The program.
    Program,
    /// A remote caller.
    Remote,
}

/// How a file is unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unpack {
    /// As its first bytes say.
    Auto,
}

impl Request {
    /// A URL that the program, or its config, names. A fragment `#sha256=HEX` is a checksum.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            checksums: Vec::new(),
            invalid: None,
            trust: Trust::Program,
            unpack: None,
            to: None,
            force: false,
            deadline: None,
            events: None,
        }
    }

    /// A URL from a remote caller: `file:`, `store:` and private addresses are refused, and a
    /// checksum is required.
    pub fn untrusted(url: impl Into<String>) -> Self {
        Self {
            trust: Trust::Remote,
            ..Self::new(url)
        }
    }

    /// A URL of the operator's command line: `file:` is permitted though the options do not list
    /// it.
    pub fn command_line(url: impl Into<String>) -> Self {
        Self {
            trust: Trust::CommandLine,
            ..Self::new(url)
        }
    }

    /// The SHA-256 that the file must have. With it, a file of the cache needs no network.
    pub fn sha256(self, hex: impl AsRef<str>) -> Self {
        match Checksum::new(Algorithm::Sha256, hex.as_ref()) {
            Ok(checksum) => self.checksum(checksum),
            Err(error) => Self {
                invalid: Some(error),
                ..self
            },
        }
    }

    /// A checksum that the file must have. Several are all checked.
    pub fn checksum(mut self, checksum: Checksum) -> Self {
        self.checksums.push(checksum);
        self
    }

    /// The name that the path of the URL ends with, if it is one that a file can have.
    pub fn file_name(&self) -> Option<String> {
        let location = crate::policy::location::Location::parse(&self.url).ok()?;
        let last = location.url.path().rsplit('/').next()?;
        let name = percent_encoding::percent_decode_str(last)
            .decode_utf8()
            .ok()?;
        crate::archive::is_safe_name(&name).then(|| name.into_owned())
    }

    /// Unpacks the file: the result is a folder.
    pub fn unpack(mut self, unpack: Unpack) -> Self {
        self.unpack = Some(unpack);
        self
    }

    /// Places a copy at this path. A file that is there is replaced; a folder is not.
    pub fn to(mut self, path: impl Into<PathBuf>) -> Self {
        self.to = Some(path.into());
        self
    }

    /// Downloads the file even if it is in the cache.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// The limit of this download, instead of that of the options.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Reports what happens. See [`events`](crate::events).
    pub fn events(mut self, events: EventSender) -> Self {
        self.events = Some(events);
        self
    }
}
