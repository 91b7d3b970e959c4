//! Rules that a schema cannot express: what the values of a document mean together, and in this
//! build.

use super::wording::subject;
use crate::{Code, Input, Text, text, trusted};

/// A rule that the values of a config break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A certificate, key or binary value does not decode.
    NotDecodable {
        /// The place.
        at: String,
        /// How it should be encoded.
        encoding: Encoding,
    },
    /// A key has no effect with the provider of the store.
    NoEffect {
        /// The key.
        key: String,
        /// The provider.
        provider: String,
    },
    /// A key is given without the one that it needs.
    Unpaired {
        /// The key.
        given: String,
        /// The one that it needs.
        missing: String,
    },
    /// The provider of the store has servers, and none is named.
    NoServers {
        /// The provider.
        provider: String,
    },
    /// The provider of the store does not offer a call that is required.
    NotOffered {
        /// The call.
        call: String,
        /// Its scope.
        scope: &'static str,
        /// The provider.
        provider: String,
        /// The service that requires it, if one does.
        service: Option<&'static str>,
    },
    /// A list of middlewares is not valid.
    Middleware(Middleware),
    /// Something is not compiled into this program.
    NotBuilt(NotBuilt),
}

/// How a value in a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the formats")]
pub enum Encoding {
    Pem,
    Base64,
}

/// What is wrong with a list of middlewares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Middleware {
    /// There is no such middleware on this side.
    Unknown {
        /// Its name.
        name: Input,
    },
    /// One is in the list twice.
    Repeated {
        /// Its name.
        name: Input,
    },
    /// The options of one cannot be read.
    Options {
        /// What their type says.
        problem: String,
    },
    /// The options of one are zero where that cannot work.
    Zero {
        /// Its name.
        name: &'static str,
        /// What zero does: `ends every call at once`.
        why: &'static str,
    },
    /// One is outside of another that it should be inside of.
    Outside {
        /// Its name.
        name: &'static str,
        /// The one that it should be inside of.
        other: &'static str,
        /// What that does.
        why: &'static str,
    },
}

/// What is not compiled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotBuilt {
    /// A provider of the store.
    Provider(Input),
    /// A hook of the logger.
    Hook(Input),
    /// An exporter of the tracer.
    Exporter(Input),
    /// A middleware.
    Middleware(&'static str),
    /// TLS of the server.
    Tls,
    /// TLS of a client.
    ClientTls,
    /// TLS of a probe.
    ProbeTls,
    /// What a section configures.
    Section(&'static str),
}

impl Rule {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::NotDecodable { .. } => Code::Material,
            Self::NoEffect { .. } => Code::UnusedKey,
            Self::Unpaired { .. } | Self::NoServers { .. } => Code::Pair,
            Self::NotOffered { .. } => Code::Capability,
            Self::Middleware(_) => Code::Chain,
            Self::NotBuilt(_) => Code::NotBuilt,
        }
    }

    pub(super) fn message(&self) -> Text {
        match self {
            Self::NotDecodable { at, encoding } => subject(at).and(match encoding {
                Encoding::Pem => " is neither PEM text nor PEM text in base64",
                Encoding::Base64 => " is not base64",
            }),
            Self::NoEffect { key, provider } => text![trusted(format!(
                "`{key}` has no effect with the provider `{provider}`"
            ))],
            Self::Unpaired { given, missing } => {
                text![trusted(format!("`{given}` is given without `{missing}`"))]
            }
            Self::NoServers { provider } => text![trusted(format!(
                "the provider `{provider}` needs at least one server in `endpoints`"
            ))],
            Self::NotOffered {
                call,
                scope,
                provider,
                service,
            } => {
                let who = match service {
                    Some(service) => format!("the service `{service}` requires"),
                    None => "required:".to_owned(),
                };
                text![trusted(format!(
                    "{who} `{call}` with scope `{scope}`, which `{provider}` does not offer"
                ))]
            }
            Self::Middleware(middleware) => middleware.message(),
            Self::NotBuilt(what) => what.message(),
        }
    }
}

impl Middleware {
    fn message(&self) -> Text {
        match self {
            Self::Unknown { name } => text!["`", name, "` is not a middleware of this chain"],
            Self::Repeated { name } => text!["`", name, "` appears twice in this chain"],
            Self::Options { problem } => text![problem.clone()],
            Self::Zero { name, why } => text![trusted(format!("`{name}` is 0, which {why}"))],
            Self::Outside { name, other, why } => {
                text![trusted(format!("`{name}` is outside `{other}`, so {why}"))]
            }
        }
    }
}

impl NotBuilt {
    fn message(&self) -> Text {
        match self {
            Self::Provider(name) => text!["the provider `", name, "`"],
            Self::Hook(name) => text!["the logger hook `", name, "`"],
            Self::Exporter(name) => text!["the exporter `", name, "`"],
            Self::Middleware(name) => text!["the middleware `", *name, "`"],
            Self::Tls => "TLS of the server".into(),
            Self::ClientTls => "TLS of clients".into(),
            Self::ProbeTls => "TLS of probes".into(),
            Self::Section(name) => text!["what the section `", *name, "` configures"],
        }
        .and(" is not in this build")
    }
}
