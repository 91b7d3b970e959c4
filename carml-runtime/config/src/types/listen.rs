//! Where a server listens.

use std::path::Path;

/// The kinds of addresses that `grpc.server.listen` takes.
///
/// ```
/// use carml_config::ListenAddress;
///
/// let socket = ListenAddress::of("unix:///run/greeter.sock");
/// assert_eq!(socket, ListenAddress::Unix("/run/greeter.sock".as_ref()));
/// assert_eq!(ListenAddress::of("[::1]:1"), ListenAddress::Network("[::1]:1"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenAddress<'a> {
    /// `ip:port` or `host:port`.
    Network(&'a str),
    /// `unix:///path`: a socket in the file system.
    Unix(&'a Path),
}

impl<'a> ListenAddress<'a> {
    /// What a text says, which the schema has accepted.
    pub fn of(text: &'a str) -> Self {
        match text.strip_prefix("unix://") {
            Some(path) => Self::Unix(Path::new(path)),
            None => Self::Network(text),
        }
    }
}
