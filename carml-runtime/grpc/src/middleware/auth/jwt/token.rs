//! What a token says.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::algorithm::Algorithm;

/// What a token must say.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) algorithms: Vec<Algorithm>,
    /// How far the clocks may differ, in seconds.
    pub(super) leeway: u64,
}

/// A token whose signature is not checked yet.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) algorithm: Algorithm,
    /// Which key has signed it.
    pub(super) kid: Option<String>,
    /// What is signed.
    pub(super) message: &'a [u8],
    pub(super) signature: Vec<u8>,
    claims: &'a [u8],
}

impl<'a> Token<'a> {
    /// Reads all but the claims. An error says what is wrong.
    pub(super) fn read(token: &'a [u8], algorithms: &[Algorithm]) -> Result<Self, &'static str> {
        const MALFORMED: &str = "the token is not a JSON Web Token";
        let mut parts = token.rsplitn(2, |byte| *byte == b'.');
        let (signature, message) = (parts.next(), parts.next());
        let (Some(signature), Some(message)) = (signature, message) else {
            return Err(MALFORMED);
        };
        let mut parts = message.split(|byte| *byte == b'.');
        let (Some(header), Some(claims), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(MALFORMED);
        };
        let header = object(header).ok_or(MALFORMED)?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature);
        let name = header.get("alg").and_then(Value::as_str);
        let algorithm = name.and_then(Algorithm::named);
        let algorithm = algorithm.filter(|algorithm| algorithms.contains(algorithm));
        if header.contains_key("crit") {
            return Err("the token has extensions that are not known");
        }
        Ok(Self {
            algorithm: algorithm.ok_or("the token's algorithm is not accepted")?,
            kid: header.get("kid").and_then(Value::as_str).map(str::to_owned),
            message,
            signature: signature.map_err(|_| MALFORMED)?,
            claims,
        })
    }

    /// The claims, if they are as expected at this time. The signature was checked before.
    pub(super) fn claims(
        &self,
        expected: &Expected,
        now: u64,
    ) -> Result<Map<String, Value>, &'static str> {
        let claims = object(self.claims).ok_or("the token's claims are not a JSON object")?;
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        let (now, leeway) = (now as f64, expected.leeway as f64);
        match time("exp") {
            None => return Err("the token does not say when it expires"),
            Some(end) if now >= end + leeway => return Err("the token has expired"),
            Some(_) => {}
        }
        match (claims.contains_key("nbf"), time("nbf")) {
            (true, None) => return Err("the token's `nbf` is not a number"),
            (_, Some(begin)) if now + leeway < begin => return Err("the token is not valid yet"),
            _ => {}
        }
        if claims.get("iss").and_then(Value::as_str) != Some(&expected.issuer) {
            return Err("the token is from another issuer");
        }
        let is_ours = |value: &Value| value.as_str() == Some(&expected.audience);
        let is_for_us = claims.get("aud").is_some_and(|audience| match audience {
            Value::Array(all) => all.iter().any(is_ours),
            one => is_ours(one),
        });
        if !is_for_us {
            return Err("the token is for another audience");
        }
        Ok(claims)
    }
}

fn object(part: &[u8]) -> Option<Map<String, Value>> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn expected() -> Expected {
        Expected {
            issuer: "https://issuer".to_owned(),
            audience: "orders".to_owned(),
            algorithms: vec![Algorithm::Es256],
            leeway: 60,
        }
    }

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.AAAA", part(header), part(claims))
    }

    fn checked(claims: &Value) -> Result<(), &'static str> {
        let token = token(&json!({ "alg": "ES256" }), claims);
        let expected = expected();
        let token = Token::read(token.as_bytes(), &expected.algorithms).unwrap();
        token.claims(&expected, 1_000).map(drop)
    }

    #[test]
    fn only_the_algorithms_that_are_listed_are_accepted() {
        for header in [
            json!({ "alg": "none" }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "RS256" }),
            json!({ "alg": 1 }),
            json!({}),
            json!({ "alg": "ES256", "crit": ["b64"] }),
        ] {
            let token = token(&header, &json!({}));
            let read = Token::read(token.as_bytes(), &expected().algorithms);
            assert!(read.is_err(), "{header}");
        }
        for wrong in [
            "",
            ".",
            "..",
            "a.b",
            "a.b.c.d",
            "e30.e30.e30=",
            "####.e30.AAAA",
        ] {
            let read = Token::read(wrong.as_bytes(), &expected().algorithms);
            assert!(read.is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn claims_are_checked_with_leeway() {
        let good = json!({ "iss": "https://issuer", "aud": "orders", "exp": 941, "nbf": 1060 });
        assert_eq!(checked(&good), Ok(()));
        for (key, value) in [
            ("exp", json!(940)),
            ("exp", json!(null)),
            ("exp", json!("2000")),
            ("nbf", json!(1061)),
            ("nbf", json!("1")),
            ("iss", json!("https://other")),
            ("iss", json!(null)),
            ("aud", json!("other")),
            ("aud", json!(["other"])),
            ("aud", json!({ "orders": 1 })),
        ] {
            let mut claims = good.clone();
            claims[key] = value;
            assert!(checked(&claims).is_err(), "{claims}");
        }
        let mut several = good.clone();
        several["aud"] = json!(["other", "orders"]);
        assert_eq!(checked(&several), Ok(()));
    }
}
