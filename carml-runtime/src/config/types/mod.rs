//! The scalar types behind `x-carml-type`.
#![allow(missing_docs)]

use serde::{Deserialize, Serialize};

macro_rules! text_type {
    ($name:ident) => {
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Ok($name(text.to_owned()))
            }
        }
    };
}
text_type!(Secret);
text_type!(Endpoint);
text_type!(Base64);
text_type!(Pem);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(std::time::Duration);
impl Duration {
    pub const fn get(self) -> std::time::Duration {
        self.0
    }
}
impl std::str::FromStr for Duration {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        let n: u64 = digits.parse().map_err(|e| format!("{e}"))?;
        match &text[digits.len()..] {
            "s" => Ok(Duration(std::time::Duration::from_secs(n))),
            "ms" => Ok(Duration(std::time::Duration::from_millis(n))),
            "m" => Ok(Duration(std::time::Duration::from_secs(60 * n))),
            unit => Err(format!("unknown unit {unit}")),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);
impl ByteSize {
    pub const fn bytes(self) -> u64 {
        self.0
    }
}
impl std::str::FromStr for ByteSize {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        let n: u64 = digits.parse().map_err(|e| format!("{e}"))?;
        match &text[digits.len()..] {
            "b" => Ok(ByteSize(n)),
            "kb" => Ok(ByteSize(n * 1000)),
            "mb" => Ok(ByteSize(n * 1_000_000)),
            "gb" => Ok(ByteSize(n * 1_000_000_000)),
            unit => Err(format!("unknown unit {unit}")),
        }
    }
}
macro_rules! serde_text {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&format!("{:?}", self.0))
            }
        }
    };
}
serde_text!(Duration);
serde_text!(ByteSize);
