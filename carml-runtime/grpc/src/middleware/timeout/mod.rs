//! `timeout`: a deadline that the operator sets.

use std::task::Context;

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use tonic::{Status, body::Body};

use carml_config::{Duration, chain::Side, model};

use super::{Call, MethodOptions, Middleware, Passed, Place, Refusal};
use crate::{
    deadline::{self, Deadline},
    status,
};

/// None for methods without a timeout.
#[derive(Debug)]
pub(crate) struct Timeout(MethodOptions<Option<Duration>>);

impl Middleware for Timeout {
    type Options = model::Timeout;
    /// Absent if the caller's own deadline is earlier.
    type State = Option<Deadline>;

    fn build(options: &model::Timeout, place: &Place) -> Result<Self, Refusal> {
        let by_method = match options {
            model::Timeout::Duration(all) => MethodOptions::all(Some(*all)),
            model::Timeout::Timeouts(some) => {
                let entries = some.methods.iter();
                let entries = entries.map(|entry| (&entry.name[..], Some(entry.timeout)));
                MethodOptions::new(some.default, entries, place)?
            }
        };
        Ok(Self(by_method))
    }

    fn arrive(
        &self,
        call: &mut Call,
        state: &mut Option<Deadline>,
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let Some(timeout) = self.0.of(call) else {
            return Ok(());
        };
        let ours = Deadline::after(timeout.get());
        let theirs = call.deadline.as_ref();
        if theirs.is_none_or(|theirs| ours.is_before(theirs)) {
            call.context.limit(ours.at());
            if call.side == Side::Client {
                let header = deadline::header(timeout.get());
                request.headers_mut().insert(deadline::HEADER, header);
            }
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
