//! `timeout`: a deadline that the server sets.

use std::task::Context;

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use tonic::{Status, body::Body};

use carml_config::Duration;

use super::{Call, Middleware, Passed, Place, Refusal};
use crate::{deadline::Deadline, status};

#[derive(Debug)]
pub(crate) struct Timeout(std::time::Duration);

impl Middleware for Timeout {
    type Options = Duration;
    /// Absent if the caller's own deadline is earlier.
    type State = Option<Deadline>;

    fn build(limit: &Duration, _place: &Place) -> Result<Self, Refusal> {
        Ok(Self(limit.get()))
    }

    fn arrive(
        &self,
        call: &mut Call,
        state: &mut Option<Deadline>,
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let ours = Deadline::after(self.0);
        let theirs = call.deadline.as_ref();
        if theirs.is_none_or(|theirs| ours.is_before(theirs)) {
            call.context.limit(ours.at());
            *state = Some(ours);
        }
        Ok(())
    }

    fn wake(
        &self,
        _call: &mut Call,
        state: &mut Option<Deadline>,
        cx: &mut Context<'_>,
    ) -> Option<Status> {
        let deadline = state.as_mut()?;
        let has_passed = deadline.poll(cx).is_ready();
        has_passed.then(status::deadline_exceeded)
    }

    fn frame(&self, _call: &mut Call, state: &mut Option<Deadline>, frame: Frame<Bytes>) -> Passed {
        let deadline = state.as_ref();
        match deadline.is_some_and(|deadline| deadline.refuses(&frame)) {
            true => Passed::End(status::deadline_exceeded()),
            false => Passed::Frame(frame),
        }
    }
}
