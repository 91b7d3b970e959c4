//! `auth`: lets calls pass that say who they are from, if they may.

mod identity;
mod jwt;
mod rules;

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Request, header};
use tonic::{Status, body::Body};

use carml_config::{Secret, model};
use carml_tls::ClientCertificate;

use super::{Call, MethodOptions, Middleware, Place, Refusal};
use crate::status;
pub use identity::{Credential, Identity};
use jwt::Jwt;
use rules::Rules;

#[derive(Debug)]
pub(crate) struct Auth {
    bearer: Vec<Secret>,
    jwt: Option<Jwt>,
    /// The names that certificates of clients may have; none if certificates do not count.
    mtls: Option<Vec<String>>,
    rules: Rules,
}

impl Middleware for Auth {
    type Options = model::Auth;
    type State = ();

    fn build(options: &model::Auth, place: &Place) -> Result<Self, Refusal> {
        if options.bearer.is_empty() && options.jwt.is_none() && options.mtls.is_none() {
            return Err(Refusal {
                pointer: String::new(),
                message: "`auth` has nothing to check: give `bearer`, `jwt` or `mtls`".to_owned(),
            });
        }
        let jwt = options.jwt.as_ref().map(|options| Jwt::new(options, place));
        let auth = Self {
            bearer: options.bearer.clone(),
            jwt: jwt.transpose()?,
            mtls: options.mtls.as_ref().map(|mtls| mtls.allow.clone()),
            rules: Rules::new(&options.methods, place)?,
        };
        auth.rules.check(|credential| auth.takes(credential))?;
        Ok(auth)
    }

    fn arrive(
        &self,
        call: &mut Call,
        _state: &mut (),
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let rule = self.rules.of(call);
        if rule.is_open() {
            return Ok(());
        }
        let certificate = request.extensions().get::<Arc<ClientCertificate>>();
        let takes = |credential| rule.takes(credential) && self.takes(credential);
        let identity = self.identify(request.headers(), certificate, takes)?;
        if !rule.allows(&identity) {
            return Err(status::not_allowed("this method", identity.name()));
        }
        request.extensions_mut().insert(identity);
        Ok(())
    }
}

impl Auth {
    /// Whether the options have this kind.
    fn takes(&self, credential: Credential) -> bool {
        match credential {
            Credential::Bearer => !self.bearer.is_empty(),
            Credential::Jwt => self.jwt.is_some(),
            Credential::Mtls => self.mtls.is_some(),
        }
    }

    /// Who the call is from. A token that is wrong is an error, whatever else the client has.
    fn identify(
        &self,
        headers: &HeaderMap,
        certificate: Option<&Arc<ClientCertificate>>,
        takes: impl Fn(Credential) -> bool,
    ) -> Result<Identity, Status> {
        let takes_tokens = takes(Credential::Bearer) || takes(Credential::Jwt);
        if let Some(token) = token(headers)?.filter(|_| takes_tokens) {
            if takes(Credential::Bearer) && self.is_secret(token) {
                return Ok(Identity::bearer());
            }
            return match self.jwt.as_ref().filter(|_| takes(Credential::Jwt)) {
                Some(jwt) => jwt.verify(token),
                None => Err(status::unauthenticated("the bearer token is not known")),
            };
        }
        if let (true, Some(certificate)) = (takes(Credential::Mtls), certificate) {
            return self.certified(certificate);
        }
        let wanted: Vec<&str> = [
            (takes_tokens, "`authorization: Bearer` and a token"),
            (takes(Credential::Mtls), "a client certificate"),
        ]
        .into_iter()
        .filter_map(|(is_taken, what)| is_taken.then_some(what))
        .collect();
        Err(status::unauthenticated(&format!(
            "the call has no credentials: expected {}",
            wanted.join(" or ")
        )))
    }

    /// Whether it is one of the secrets: each is compared, so that the time does not say which.
    fn is_secret(&self, token: &[u8]) -> bool {
        let secrets = self.bearer.iter();
        secrets.fold(false, |found, secret| secret.is(token) | found)
    }

    fn certified(&self, certificate: &ClientCertificate) -> Result<Identity, Status> {
        let allowed = self.mtls.as_deref().unwrap_or_default();
        let mut names = certificate.uris.iter().chain(&certificate.dns_names);
        match names.find(|name| allowed.contains(name)) {
            Some(name) => Ok(Identity::certificate(name)),
            None => Err(status::not_allowed("this server", &certificate.subject)),
        }
    }
}

/// What follows `Bearer`, if the request has that.
fn token(headers: &HeaderMap) -> Result<Option<&[u8]>, Status> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        let message = "`authorization` is given more than once";
        return Err(status::unauthenticated(message));
    }
    bearer(value)
        .map(Some)
        .ok_or_else(|| status::unauthenticated("expected `authorization: Bearer` and a token"))
}

fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}
