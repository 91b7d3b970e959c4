//! Who a call is from.

use std::sync::Arc;

use serde_json::{Map, Value};

/// How a caller has shown who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credential {
    /// A secret of `auth.bearer`.
    Bearer,
    /// A JSON Web Token that `auth.jwt` accepts.
    Jwt,
    /// A client certificate with a name of `auth.mtls.allow`.
    Mtls,
}

/// Who a call is from: in the extensions of its request, if the chain has `auth`. Cheap to clone.
///
/// # Examples
///
/// ```
/// use carml_grpc::Identity;
/// use tonic::{Request, Status};
///
/// fn caller<T>(request: &Request<T>) -> Result<&str, Status> {
///     let identity = request.extensions().get::<Identity>();
///     let identity = identity.ok_or_else(|| Status::internal("the chain has no `auth`"))?;
///     Ok(identity.name())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Identity {
    credential: Credential,
    name: Arc<str>,
    claims: Arc<Map<String, Value>>,
}

impl Identity {
    pub(super) fn bearer() -> Self {
        Self::new(Credential::Bearer, "bearer", Map::new())
    }

    pub(super) fn certificate(name: &str) -> Self {
        Self::new(Credential::Mtls, name, Map::new())
    }

    pub(super) fn token(claims: Map<String, Value>) -> Self {
        let name = claims.get("sub").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        Self::new(Credential::Jwt, &name, claims)
    }

    fn new(credential: Credential, name: &str, claims: Map<String, Value>) -> Self {
        Self {
            credential,
            name: name.into(),
            claims: Arc::new(claims),
        }
    }

    /// What was checked.
    pub fn credential(&self) -> Credential {
        self.credential
    }

    /// The `sub` of a token, the name in a certificate that is allowed, or `bearer`.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// What a JSON Web Token says of the caller; empty for other credentials.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}
