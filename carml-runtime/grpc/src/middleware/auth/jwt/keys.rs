//! A set of keys.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{
    algorithm::{Algorithm, PublicKey},
    token::Token,
};

/// More keys than this are not read.
const MAX_KEYS: usize = 100;

/// The keys that tokens may be signed with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Keys(Vec<Key>);

#[derive(Debug, PartialEq, Eq)]
struct Key {
    kid: Option<String>,
    /// The only algorithm that it is for, if it says so.
    algorithm: Option<String>,
    public: PublicKey,
}

impl Keys {
    /// The keys of a JSON Web Key Set that can be used here; others are left out.
    ///
    /// # Errors
    ///
    /// A text that is not a set, or one without any key that can be used.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let set: Value =
            serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or("it is not a JSON Web Key Set: expected `keys` with a sequence")?;
        let keys: Vec<Key> = keys.iter().take(MAX_KEYS).filter_map(key).collect();
        if keys.is_empty() {
            return Err("it has no public key of RSA, P-256, P-384 or Ed25519".to_owned());
        }
        Ok(Self(keys))
    }

    /// Whether one of them may have signed the token.
    pub(super) fn has(&self, token: &Token<'_>) -> bool {
        self.candidates(token).next().is_some()
    }

    /// Whether one of them has signed the token.
    pub(super) fn verify(&self, token: &Token<'_>) -> bool {
        self.candidates(token).any(|key| {
            let algorithm = token.algorithm;
            algorithm.verify(&key.public, token.message, &token.signature)
        })
    }

    fn candidates(&self, token: &Token<'_>) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(|key| {
            let named = key.algorithm.as_deref();
            let is_named = named.is_none_or(|name| Algorithm::named(name) == Some(token.algorithm));
            let is_same = token.kid.is_none() || token.kid == key.kid;
            is_named && is_same && token.algorithm.fits(&key.public)
        })
    }
}

fn key(key: &Value) -> Option<Key> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let bytes = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(text(name)?).ok();
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let point = |size: usize| {
        let (x, y) = (bytes("x")?, bytes("y")?);
        (x.len() == size && y.len() == size).then(|| [&[4], &x[..], &y[..]].concat())
    };
    let public = match (text("kty")?, text("crv")) {
        ("RSA", _) => PublicKey::Rsa {
            n: bytes("n")?,
            e: bytes("e")?,
        },
        ("EC", Some("P-256")) => PublicKey::P256(point(32)?),
        ("EC", Some("P-384")) => PublicKey::P384(point(48)?),
        ("OKP", Some("Ed25519")) => PublicKey::Ed25519(bytes("x")?),
        _ => return None,
    };
    Some(Key {
        kid: text("kid").map(str::to_owned),
        algorithm: text("alg").map(str::to_owned),
        public,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
    };
    use serde_json::json;

    use super::*;

    fn base64(bytes: &[u8]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    #[test]
    fn a_token_is_verified_by_the_key_that_signed_it() {
        let random = SystemRandom::new();
        let es = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let es = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, es.as_ref(), &random)
            .unwrap();
        let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let ed = Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap();
        let point = es.public_key().as_ref();
        let set = json!({ "keys": [
            { "kty": "oct", "k": "AAAA", "kid": "secret" },
            { "kty": "EC", "crv": "P-256", "kid": "es", "x": base64(&point[1..33]), "y": base64(&point[33..]) },
            { "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": base64(ed.public_key().as_ref()) },
        ] });
        let keys = Keys::read(set.to_string().as_bytes()).unwrap();
        assert_eq!(keys.0.len(), 2);
        let algorithms = [Algorithm::Es256, Algorithm::EdDsa];
        for (name, kid) in [("ES256", "es"), ("EdDSA", "ed")] {
            let header = json!({ "alg": name, "kid": kid }).to_string();
            let message = format!("{}.{}", base64(header.as_bytes()), base64(b"{}"));
            let signature = match name {
                "ES256" => es
                    .sign(&random, message.as_bytes())
                    .unwrap()
                    .as_ref()
                    .to_vec(),
                _ => ed.sign(message.as_bytes()).as_ref().to_vec(),
            };
            let text = format!("{message}.{}", base64(&signature));
            let token = Token::read(text.as_bytes(), &algorithms).unwrap();
            assert!(keys.has(&token) && keys.verify(&token), "{name}");
            let mut wrong = signature.clone();
            wrong[7] ^= 1;
            let text = format!("{message}.{}", base64(&wrong));
            let token = Token::read(text.as_bytes(), &algorithms).unwrap();
            assert!(!keys.verify(&token), "{name}");
        }
    }

    #[test]
    fn a_set_without_a_key_that_can_be_used_is_an_error() {
        for text in [
            "",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":[]}"#,
            r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#,
            r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#,
            r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","use":"enc"}]}"#,
        ] {
            assert!(Keys::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
