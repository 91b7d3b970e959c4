//! Signatures, by ring.

use carml_config::model::JwtAlgorithm;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

/// How a token is signed. There is no `none`, and no shared secret: the keys of a set are public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Algorithm {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Rs256, "RS256"),
        (Self::Rs384, "RS384"),
        (Self::Rs512, "RS512"),
        (Self::Ps256, "PS256"),
        (Self::Ps384, "PS384"),
        (Self::Ps512, "PS512"),
        (Self::Es256, "ES256"),
        (Self::Es384, "ES384"),
        (Self::EdDsa, "EdDSA"),
    ];

    /// The one with this name in RFC 7518 or RFC 8037.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, known)| *known == name)
            .map(|(found, _)| found)
    }

    /// Whether keys of this kind are for it.
    pub(super) fn fits(self, key: &PublicKey) -> bool {
        match key {
            PublicKey::Rsa { .. } => self.rsa().is_some(),
            PublicKey::P256(_) => self == Self::Es256,
            PublicKey::P384(_) => self == Self::Es384,
            PublicKey::Ed25519(_) => self == Self::EdDsa,
        }
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        Some(match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Ps384 => &RSA_PSS_2048_8192_SHA384,
            Self::Ps512 => &RSA_PSS_2048_8192_SHA512,
            Self::Es256 | Self::Es384 | Self::EdDsa => return None,
        })
    }

    /// Whether the key has signed the message. The key must fit.
    pub(super) fn verify(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            let key = UnparsedPublicKey::new(algorithm, key);
            key.verify(message, signature).is_ok()
        };
        match (key, self.rsa()) {
            (PublicKey::Rsa { n, e }, Some(parameters)) => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(parameters, message, signature).is_ok()
            }
            (PublicKey::Rsa { .. }, None) => false,
            (PublicKey::P256(point), _) => by(&ECDSA_P256_SHA256_FIXED, point),
            (PublicKey::P384(point), _) => by(&ECDSA_P384_SHA384_FIXED, point),
            (PublicKey::Ed25519(key), _) => by(&ED25519, key),
        }
    }
}

impl From<JwtAlgorithm> for Algorithm {
    fn from(algorithm: JwtAlgorithm) -> Self {
        match algorithm {
            JwtAlgorithm::Rs256 => Self::Rs256,
            JwtAlgorithm::Rs384 => Self::Rs384,
            JwtAlgorithm::Rs512 => Self::Rs512,
            JwtAlgorithm::Ps256 => Self::Ps256,
            JwtAlgorithm::Ps384 => Self::Ps384,
            JwtAlgorithm::Ps512 => Self::Ps512,
            JwtAlgorithm::Es256 => Self::Es256,
            JwtAlgorithm::Es384 => Self::Es384,
            JwtAlgorithm::EdDsa => Self::EdDsa,
        }
    }
}
