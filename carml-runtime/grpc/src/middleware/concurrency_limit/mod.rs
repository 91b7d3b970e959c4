//! `concurrency_limit`: refuses calls while too many are in progress.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::Request;
use tonic::{Code, Status, body::Body};

use carml_config::model;

use super::{Call, Middleware, Place, Refusal};
use crate::status;

/// A call over the limit is not queued: its unread body would fill the window of its connection,
/// and both sides could wait for each other.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit {
    max: u64,
    in_progress: AtomicU64,
}

impl Middleware for ConcurrencyLimit {
    type Options = model::ConcurrencyLimit;
    type State = ();

    fn build(options: &model::ConcurrencyLimit, _place: &Place) -> Result<Self, Refusal> {
        Ok(Self {
            max: options.max,
            in_progress: AtomicU64::new(0),
        })
    }

    fn arrive(
        &self,
        _call: &mut Call,
        _state: &mut (),
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let one_more = |calls| (calls < self.max).then_some(calls + 1);
        match self.in_progress.fetch_update(Relaxed, Relaxed, one_more) {
            Ok(_) => Ok(()),
            Err(_) => Err(status::too_many_calls(self.max)),
        }
    }

    /// Called for every call that arrived, and not for those that were refused.
    fn end(&self, _call: &mut Call, _state: &mut (), _code: Code) {
        self.in_progress.fetch_sub(1, Relaxed);
    }
}
