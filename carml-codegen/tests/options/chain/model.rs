use serde::{Deserialize, Deserializer, Serialize};

use super::support::{WithoutCredentials, present, integer, with_options};

/// Middlewares with options of every kind.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lists {
    pub server: Server,
    pub client: Client,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Defaults to `["plain","trace"]`.
    pub middleware: Vec<ServerMiddleware>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            middleware: vec![
                ServerMiddleware::Plain, ServerMiddleware::Trace(Trace::default())
            ],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerMiddleware {
    /// Has no options.
    Plain,
    /// Has options, or none.
    Trace(Trace),
    /// A scalar.
    Pause(super::Duration),
    /// Numbers, an enum, and options per method.
    RateLimit(RateLimit),
    /// A boolean, lists and a size, on both sides.
    Compression(Compression),
    /// A scalar or an object.
    MessageSize(MessageSize),
    /// In some builds.
    Audit(bool),
}

impl<'de> Deserialize<'de> for ServerMiddleware {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(remote = "ServerMiddleware", rename_all = "snake_case")]
        enum Variants__ {
            Plain,
            Trace(Trace),
            Pause(super::Duration),
            RateLimit(RateLimit),
            Compression(Compression),
            MessageSize(MessageSize),
            Audit(bool),
        }
        let value = with_options(d, &["trace"])?;
        Variants__::deserialize(value).map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trace {
    pub exclude: Vec<String>,
    /// Defaults to `"info"`.
    pub level: Level,
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            exclude: Vec::new(),
            level: Level::Info,
        }
    }
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace")
            .field("exclude", &WithoutCredentials(&self.exclude))
            .field("level", &self.level)
            .finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    Debug,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    #[serde(deserialize_with = "integer")]
    pub rate: u64,
    /// Defaults to `10`.
    #[serde(default = "RateLimit::default_burst", deserialize_with = "integer")]
    pub burst: u64,
    /// Defaults to `0.5`.
    #[serde(default = "RateLimit::default_share")]
    pub share: f64,
    /// Defaults to `"all"`.
    #[serde(default = "RateLimit::default_key")]
    pub key: Key,
    #[serde(default = "RateLimit::default_methods")]
    pub methods: Vec<MethodLimit>,
}

impl RateLimit {
    fn default_burst() -> u64 {
        10
    }
    fn default_share() -> f64 {
        0.5
    }
    fn default_key() -> Key {
        Key::All
    }
    fn default_methods() -> Vec<MethodLimit> {
        Vec::new()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Key {
    All,
    Peer,
    Identity,
}

#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MethodLimit {
    pub name: Vec<String>,
    #[serde(deserialize_with = "integer")]
    pub rate: u64,
}

impl std::fmt::Debug for MethodLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MethodLimit")
            .field("name", &WithoutCredentials(&self.name))
            .field("rate", &self.rate)
            .finish()
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compression {
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub send: Option<Encoding>,
    /// Defaults to `["gzip","zstd"]`.
    pub accept: Vec<Encoding>,
    /// A number of bytes: an integer with `b`, `kb`, `mb`, `gb`, `tb` (powers of 1,000) or `kib`, `mib`, `gib`, `tib` (powers of 1,024), in upper or lower case. One space is allowed between the number and its unit. Defaults to `"1kb"`.
    pub min_size: super::ByteSize,
    /// Defaults to `false`.
    pub trailers: bool,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            send: None,
            accept: vec![Encoding::Gzip, Encoding::Zstd],
            min_size: "1kb".parse::<super::ByteSize>().expect("the schema's default"),
            trailers: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    Gzip,
    Zstd,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum MessageSize {
    EachWay(EachWay),
    ByteSize(super::ByteSize),
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EachWay {
    /// A number of bytes: an integer with `b`, `kb`, `mb`, `gb`, `tb` (powers of 1,000) or `kib`, `mib`, `gib`, `tib` (powers of 1,024), in upper or lower case. One space is allowed between the number and its unit.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub receive: Option<super::ByteSize>,
    /// A number of bytes: an integer with `b`, `kb`, `mb`, `gb`, `tb` (powers of 1,000) or `kib`, `mib`, `gib`, `tib` (powers of 1,024), in upper or lower case. One space is allowed between the number and its unit.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub send: Option<super::ByteSize>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    pub middleware: Vec<ClientMiddleware>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientMiddleware {
    /// Has no options.
    Plain,
    /// Has options, or none.
    Trace(Trace),
    /// A boolean, lists and a size, on both sides.
    Compression(Compression),
    /// For clients.
    Breaker(Breaker),
}

impl<'de> Deserialize<'de> for ClientMiddleware {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(remote = "ClientMiddleware", rename_all = "lowercase")]
        enum Variants__ {
            Plain,
            Trace(Trace),
            Compression(Compression),
            Breaker(Breaker),
        }
        let value = with_options(d, &["trace"])?;
        Variants__::deserialize(value).map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Breaker {
    /// Defaults to `2`.
    pub k: f64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { k: 2.0 }
    }
}
