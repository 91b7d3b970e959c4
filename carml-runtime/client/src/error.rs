//! Why there is no channel.

use std::fmt;

use carml_config::{InvalidTarget, chain::Problems};

/// Why a channel cannot be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The target is not one.
    Target {
        /// What was given.
        target: String,
        /// Why.
        why: InvalidTarget,
    },
    /// The target is found in the registry, and there is none.
    NoRegistry {
        /// The service.
        service: String,
    },
    /// The chain breaks a rule.
    Chain(Problems),
    /// The certificates cannot be used.
    #[cfg(feature = "tls")]
    Certificates(carml_tls::Refusals),
    /// The target has TLS, which this build has not.
    #[cfg(not(feature = "tls"))]
    TlsNotBuilt,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target { target, why } => write!(f, "`{target}` is not a target: {why}"),
            Self::NoRegistry { service } => write!(
                f,
                "`{service}` is found by discovery, and the config has no section `registry`: add \
                 one, or set `grpc.client.targets` to its address"
            ),
            Self::Chain(problems) => problems.fmt(f),
            #[cfg(feature = "tls")]
            Self::Certificates(refusals) => refusals.fmt(f),
            #[cfg(not(feature = "tls"))]
            Self::TlsNotBuilt => f.write_str(
                "TLS of clients is not in this build: build with the feature `tls` of carml-runtime",
            ),
        }
    }
}

impl std::error::Error for Error {}
