//! What each method requires.

use carml_config::model::{AuthMethods, AuthRequire};

use super::{
    Call, Place, Refusal,
    identity::{Credential, Identity},
};
use crate::Methods;

/// Health is for everybody, unless an entry says otherwise.
const HEALTH: &str = "grpc.health.v1.Health";

/// The rules of all methods.
#[derive(Debug)]
pub(super) struct Rules {
    methods: Methods,
    all: Vec<Rule>,
    /// By the places in `methods`, where the rule is in `all`; the last is for other methods.
    by_method: Vec<usize>,
}

/// What one method requires.
#[derive(Debug)]
pub(super) struct Rule {
    require: AuthRequire,
    /// Names of identities; all if there is none.
    allow: Vec<String>,
    /// Where it is in the options, if it is there.
    entry: Option<usize>,
}

impl Rules {
    pub(super) fn new(entries: &[AuthMethods], place: &Place) -> Result<Self, Refusal> {
        let methods = place.methods.clone();
        let rule = |require| Rule {
            require,
            allow: Vec::new(),
            entry: None,
        };
        let mut all = vec![rule(AuthRequire::Any), rule(AuthRequire::None)];
        let mut by_method = vec![0; methods.all().len() + 1];
        // How specific the name was: for all methods, of a service, of one method.
        let mut level = vec![0; by_method.len()];
        for index in methods.named(HEALTH).unwrap_or_default() {
            by_method[index] = 1;
        }
        for (n, entry) in entries.iter().enumerate() {
            all.push(Rule {
                require: entry.require,
                allow: entry.allow.clone(),
                entry: Some(n),
            });
            for (m, name) in entry.name.iter().enumerate() {
                let refusal = |message| Refusal {
                    pointer: format!("/methods/{n}/name/{m}"),
                    message,
                };
                let (named, specific) = match (&name.service, &name.method) {
                    (None, None) => ((0..by_method.len()).collect(), 1),
                    (Some(service), None) => (methods.named(service).map_err(refusal)?, 2),
                    (Some(service), Some(method)) => {
                        let name = format!("{service}/{method}");
                        (methods.named(&name).map_err(refusal)?, 3)
                    }
                    (None, Some(_)) => {
                        return Err(refusal("a method is named with its service".to_owned()));
                    }
                };
                for index in named {
                    let is_health = specific == 1 && by_method[index] == 1;
                    if level[index] == specific {
                        let message = "another entry of `methods` has this name, too".to_owned();
                        return Err(refusal(message));
                    }
                    if level[index] < specific && !is_health {
                        level[index] = specific;
                        by_method[index] = all.len() - 1;
                    }
                }
            }
        }
        Ok(Self {
            methods,
            all,
            by_method,
        })
    }

    /// Refuses rules that no call could meet, as nothing checks what they require.
    pub(super) fn check(&self, takes: impl Fn(Credential) -> bool) -> Result<(), Refusal> {
        for rule in &self.all {
            let (Some(entry), Some(credential)) = (rule.entry, rule.credential()) else {
                continue;
            };
            if !takes(credential) {
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
        let other = self.by_method.len() - 1;
        let index = call.index_in(&self.methods).unwrap_or(other);
        &self.all[self.by_method[index]]
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
