//! What each method requires.

use carml_config::model::{AuthMethods, AuthRequire};

use super::{
    Call, MethodOptions, Place, Refusal,
    identity::{Credential, Identity},
};

/// Health is for everybody, unless an entry names it.
const HEALTH: &str = "grpc.health.v1.Health";

/// The rules of all methods.
#[derive(Debug)]
pub(super) struct Rules(MethodOptions<Rule>);

/// What one method requires.
#[derive(Debug)]
pub(super) struct Rule {
    require: AuthRequire,
    /// Names of identities; all if there is none.
    allow: Vec<String>,
}

impl Rules {
    pub(super) fn new(entries: &[AuthMethods], place: &Place) -> Result<Self, Refusal> {
        let rule = |require, allow: &[String]| Rule {
            require,
            allow: allow.to_vec(),
        };
        let health = (HEALTH, rule(AuthRequire::None, &[]));
        let entries = entries
            .iter()
            .map(|entry| (&entry.name[..], rule(entry.require, &entry.allow)));
        let default = rule(AuthRequire::Any, &[]);
        MethodOptions::with_preset(default, Some(health), entries, place).map(Self)
    }

    /// Refuses rules that no call could meet, as nothing checks what they require.
    pub(super) fn check(&self, takes: impl Fn(Credential) -> bool) -> Result<(), Refusal> {
        for (entry, rule) in self.0.entries() {
            if rule
                .credential()
                .is_some_and(|credential| !takes(credential))
            {
                return Err(Refusal {
                    pointer: format!("/methods/{entry}/require"),
                    message: "`auth` does not have what this entry requires".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The rule of a call.
    pub(super) fn of(&self, call: &Call) -> &Rule {
        self.0.of(call)
    }
}

impl Rule {
    /// Everybody may call.
    pub(super) fn is_open(&self) -> bool {
        self.require == AuthRequire::None
    }

    pub(super) fn takes(&self, credential: Credential) -> bool {
        self.require == AuthRequire::Any || self.credential() == Some(credential)
    }

    pub(super) fn allows(&self, identity: &Identity) -> bool {
        self.allow.is_empty() || self.allow.iter().any(|name| name == identity.name())
    }

    /// The one kind that it requires.
    fn credential(&self) -> Option<Credential> {
        match self.require {
            AuthRequire::Any | AuthRequire::None => None,
            AuthRequire::Bearer => Some(Credential::Bearer),
            AuthRequire::Jwt => Some(Credential::Jwt),
            AuthRequire::Mtls => Some(Credential::Mtls),
        }
    }
}
