//! JSON Web Tokens (RFC 7519), checked as RFC 8725 asks for.
//!
//! - `token`: what a token says, and whether its time has come; `algorithm`: its signature.
//! - `keys`: a JSON Web Key Set (RFC 7517).
//! - `source`: where the set is read from, again and again, by a task of its own.

mod algorithm;
mod keys;
mod source;
mod token;

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use tonic::Status;

use carml_config::model;

use super::{Identity, Place, Refusal};
use crate::status;
use algorithm::Algorithm;
use source::Source;
use token::{Expected, Token};

/// Tokens of one issuer.
pub(super) struct Jwt {
    expected: Expected,
    source: Source,
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Jwt").field(&self.expected).finish()
    }
}

impl Jwt {
    pub(super) fn new(options: &model::AuthJwt, place: &Place) -> Result<Self, Refusal> {
        let algorithms = options.algorithms.iter();
        Ok(Self {
            expected: Expected {
                issuer: options.issuer.clone(),
                audience: options.audience.clone(),
                algorithms: algorithms.map(|one| Algorithm::from(*one)).collect(),
                leeway: options.leeway.get().as_secs(),
            },
            source: Source::open(&options.jwks, place)?,
        })
    }

    /// Who the token is of. The text of an error says which check failed, never the token.
    pub(super) fn verify(&self, token: &[u8]) -> Result<Identity, Status> {
        let token = Token::read(token, &self.expected.algorithms);
        let token = token.map_err(status::unauthenticated)?;
        let keys = self.source.current();
        let Some(keys) = keys.as_deref() else {
            return Err(status::no_keys());
        };
        if !keys.has(&token) {
            self.source.want();
            return Err(status::unauthenticated("the token's key is not known"));
        }
        if !keys.verify(&token) {
            return Err(status::unauthenticated("the token's signature is wrong"));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let claims = token.claims(&self.expected, now.unwrap_or_default().as_secs());
        claims.map(Identity::token).map_err(status::unauthenticated)
    }
}
