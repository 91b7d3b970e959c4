//! Addresses that nobody can connect to.

use crate::{Input, Text, text, trusted};

/// What is wrong with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// What is between square brackets is not an IPv6 address.
    NotIpv6 {
        /// The host.
        host: Input,
    },
    /// A host of numbers is not an IPv4 address.
    NotIpv4 {
        /// The host.
        host: Input,
    },
    /// The host is not a name.
    NotAHostName {
        /// The host.
        host: Input,
    },
    /// The port is not one.
    NotAPort {
        /// The port.
        port: Input,
    },
    /// The port is 0.
    PortZero,
    /// The scheme is not one of those that are understood here.
    NotAScheme {
        /// The scheme.
        scheme: Input,
        /// What is understood: "`tcp://` or `udp://`".
        expected: String,
    },
    /// The scheme has no default port, and none is given.
    NoPort,
    /// There is a path, which only URLs of HTTP have.
    NotOfHttp,
    /// It would be registered, and stands for every address of the machine.
    Unspecified {
        /// The address.
        address: Input,
    },
    /// It would be registered, and is a socket in the file system.
    Local {
        /// The address.
        address: Input,
    },
    /// It is registered, and other machines cannot connect to it.
    Loopback {
        /// The address.
        address: Input,
    },
}

impl Address {
    pub(super) fn message(&self) -> Text {
        match self {
            Self::NotIpv6 { host } => text!["`", host, "` is not an IPv6 address"],
            Self::NotIpv4 { host } => text!["`", host, "` is not an IPv4 address"],
            Self::NotAHostName { host } => text!["`", host, "` is not a host name"],
            Self::NotAPort { port } => text!["`", port, "` is not a port"],
            Self::PortZero => "nothing answers on port 0".into(),
            Self::NotAScheme { scheme, expected } => text![
                trusted(format!("expected {expected}, found `")),
                scheme,
                "://`"
            ],
            Self::NoPort => "expected a port after the host".into(),
            Self::NotOfHttp => "a path is for `http://` and `https://` only".into(),
            Self::Unspecified { address } => {
                text![
                    "`",
                    address,
                    "` would be registered, but clients cannot connect to it"
                ]
            }
            Self::Local { address } => {
                text![
                    "`",
                    address,
                    "` would be registered, but only this machine can connect to it"
                ]
            }
            Self::Loopback { address } => {
                text![
                    "`",
                    address,
                    "` is registered, but only this machine can connect to it"
                ]
            }
        }
    }
}
