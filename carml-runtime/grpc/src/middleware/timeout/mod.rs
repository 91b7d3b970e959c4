//! `timeout`: a deadline that the server sets.

use http::Request;
use tonic::{Status, body::Body};

use carml_config::Duration;

use super::{Call, Middleware};

#[derive(Debug)]
pub(crate) struct Timeout(std::time::Duration);

impl Middleware for Timeout {
    type Options = Duration;
    type State = ();

    fn build(limit: &Duration) -> Self {
        Self(limit.get())
    }

    /// Sets the call's deadline, unless its caller gave an earlier one.
    fn arrive(
        &self,
        call: &mut Call,
        _state: &mut (),
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let ours = tokio::time::sleep(self.0);
        let theirs = call.deadline.as_ref().map(|theirs| theirs.deadline());
        if theirs.is_none_or(|theirs| ours.deadline() < theirs) {
            call.deadline = Some(Box::pin(ours));
        }
        Ok(())
    }
}
