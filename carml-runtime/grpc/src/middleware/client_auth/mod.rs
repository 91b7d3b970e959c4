//! `auth` of a client: sends a secret with each call.

mod token;

use http::{Request, header};
use tonic::{Status, body::Body};

use carml_config::model;

use super::{Call, Middleware, Place, Refusal};
use token::Token;

#[derive(Debug)]
pub(crate) struct ClientAuth {
    token: Token,
}

impl Middleware for ClientAuth {
    type Options = model::ClientCredentials;
    type State = ();

    fn build(options: &model::ClientCredentials, place: &Place) -> Result<Self, Refusal> {
        let refusal = |pointer: &str, message: String| Refusal {
            pointer: pointer.to_owned(),
            message,
        };
        if let Some(target) = place.target().filter(|target| !target.is_private) {
            let name = &target.name;
            let message = format!(
                "the target `{name}` may be on another machine, and has no `tls`: a secret is not sent there"
            );
            return Err(refusal("", message));
        }
        let token = match (&options.bearer, &options.token_path) {
            (Some(secret), None) => {
                Token::of(secret).map_err(|message| refusal("/bearer", message))?
            }
            (None, Some(path)) => {
                Token::follow(path, place).map_err(|message| refusal("/token_path", message))?
            }
            _ => {
                let message = "expected one of `bearer` and `token_path`".to_owned();
                return Err(refusal("", message));
            }
        };
        Ok(Self { token })
    }

    fn arrive(
        &self,
        _call: &mut Call,
        _state: &mut (),
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let value = self.token.current();
        request.headers_mut().insert(header::AUTHORIZATION, value);
        Ok(())
    }
}
