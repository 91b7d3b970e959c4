//! Checksums: what a file must be, and what it is.

use std::{fmt, str::FromStr};

use md5::Digest as _;
use ring::digest;

use crate::{Error, ErrorKind};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256: it also names the file in the cache.
    Sha256,
    /// SHA-512.
    Sha512,
    /// MD5: for lists of files that have nothing better. It is checked beside SHA-256.
    Md5,
}

impl Algorithm {
    const ALL: [Algorithm; 3] = [Algorithm::Sha256, Algorithm::Sha512, Algorithm::Md5];

    /// Its name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
            Algorithm::Md5 => "md5",
        }
    }

    fn hex_length(self) -> usize {
        match self {
            Algorithm::Sha256 => 64,
            Algorithm::Sha512 => 128,
            Algorithm::Md5 => 32,
        }
    }
}

/// A hash that a file must have.
///
/// ```
/// use carml_download::{Algorithm, Checksum};
///
/// let text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// let checksum: Checksum = text.parse()?;
/// assert_eq!(checksum.algorithm(), Algorithm::Sha256);
/// assert_eq!(checksum.to_string(), text);
/// # Ok::<(), carml_download::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checksum {
    algorithm: Algorithm,
    hex: String,
}

impl Checksum {
    /// A checksum in hexadecimal.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` if the text is not hexadecimal, or has another length.
    pub fn new(algorithm: Algorithm, hex: &str) -> Result<Self, Error> {
        let length = algorithm.hex_length();
        if hex.len() != length || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            let name = algorithm.as_str();
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "expected {length} hexadecimal digits for {name}, found `{}`",
                    hex.escape_debug()
                ),
            ));
        }
        Ok(Self {
            algorithm,
            hex: hex.to_ascii_lowercase(),
        })
    }

    /// The hash function.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hash, in hexadecimal and lower case.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl FromStr for Checksum {
    type Err = Error;

    /// Reads `sha256:HEX` or `sha256=HEX`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = text.split_once([':', '=']);
        let named = parts.and_then(|(name, hex)| {
            let name = name.to_ascii_lowercase();
            let algorithm = Algorithm::ALL.into_iter().find(|a| a.as_str() == name)?;
            Some((algorithm, hex))
        });
        let Some((algorithm, hex)) = named else {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "expected a checksum such as `sha256:…`, `sha512:…` or `md5:…`, found `{}`",
                    text.escape_debug()
                ),
            ));
        };
        Self::new(algorithm, hex)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.as_str(), self.hex)
    }
}

/// Hashes with SHA-256, and with what else is expected.
pub(crate) struct Hasher {
    sha256: digest::Context,
    sha512: Option<digest::Context>,
    md5: Option<md5::Md5>,
}

impl Hasher {
    pub(crate) fn new(expected: &[Checksum]) -> Self {
        let wants = |algorithm| expected.iter().any(|c| c.algorithm == algorithm);
        Self {
            sha256: digest::Context::new(&digest::SHA256),
            sha512: wants(Algorithm::Sha512).then(|| digest::Context::new(&digest::SHA512)),
            md5: wants(Algorithm::Md5).then(md5::Md5::new),
        }
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        self.sha256.update(data);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(data);
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(data);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        let sha256 = Checksum {
            algorithm: Algorithm::Sha256,
            hex: hex(self.sha256.finish().as_ref()),
        };
        let sha512 = self.sha512.map(|context| Checksum {
            algorithm: Algorithm::Sha512,
            hex: hex(context.finish().as_ref()),
        });
        let md5 = self.md5.map(|context| Checksum {
            algorithm: Algorithm::Md5,
            hex: hex(&context.finalize()),
        });
        Digests(std::iter::once(sha256).chain(sha512).chain(md5).collect())
    }
}

/// What a file is: SHA-256 first.
#[derive(Clone, Debug)]
pub(crate) struct Digests(Vec<Checksum>);

impl Digests {
    pub(crate) fn sha256(&self) -> &str {
        &self.0[0].hex
    }

    /// Those beside SHA-256.
    pub(crate) fn others(&self) -> &[Checksum] {
        &self.0[1..]
    }

    /// The first expected checksum that the file does not have, and what it has instead.
    pub(crate) fn mismatch<'a>(
        &'a self,
        expected: &'a [Checksum],
    ) -> Option<(&'a Checksum, &'a Checksum)> {
        expected.iter().find_map(|wanted| {
            let found = self.0.iter().find(|c| c.algorithm == wanted.algorithm)?;
            (found != wanted).then_some((wanted, found))
        })
    }
}

/// SHA-256 of a text, in hexadecimal.
pub(crate) fn sha256_hex(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_hashes_are_computed_in_one_pass() {
        let expected: Vec<Checksum> = [
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "md5:900150983cd24fb0d6963f7d28e17f72",
            "SHA512=DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A\
             2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F",
        ]
        .iter()
        .map(|text| text.parse().expect("a checksum"))
        .collect();
        let mut hasher = Hasher::new(&expected);
        hasher.update(b"a");
        hasher.update(b"bc");
        let digests = hasher.finish();
        assert_eq!(digests.mismatch(&expected), None);
        assert_eq!(digests.others().len(), 2);
        let other = Checksum::new(Algorithm::Md5, &"0".repeat(32)).expect("hex");
        assert!(digests.mismatch(&[other]).is_some());
    }

    #[test]
    fn what_is_not_a_checksum_is_refused_with_an_example() {
        for text in ["", "sha256", "sha1:00", "sha256:00", "md5:zz", "abc"] {
            let error = text.parse::<Checksum>().expect_err(text);
            assert_eq!(error.kind, ErrorKind::InvalidArgument, "{text}");
        }
    }
}
