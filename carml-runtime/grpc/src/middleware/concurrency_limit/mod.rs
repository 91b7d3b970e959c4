//! `concurrency_limit`: refuses calls while too many are in progress.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::Request;
use tonic::{Code, Status, body::Body};

use carml_config::model;

use super::{Call, MethodOptions, Middleware, Place, Refusal};
use crate::status;

/// A call over the limit is not queued: its unread body would fill the window of its connection,
/// and both sides could wait for each other.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit(MethodOptions<Limit>);

/// What calls that count together may be.
#[derive(Debug)]
struct Limit {
    max: u64,
    in_progress: AtomicU64,
}

impl Limit {
    fn new(max: u64) -> Self {
        Self {
            max,
            in_progress: AtomicU64::new(0),
        }
    }
}

impl Middleware for ConcurrencyLimit {
    type Options = model::ConcurrencyLimit;
    type State = ();

    fn build(options: &model::ConcurrencyLimit, place: &Place) -> Result<Self, Refusal> {
        let entries = options.methods.iter();
        let entries = entries.map(|entry| (&entry.name[..], Limit::new(entry.max)));
        MethodOptions::new(Limit::new(options.max), entries, place).map(Self)
    }

    fn arrive(
        &self,
        call: &mut Call,
        _state: &mut (),
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let limit = self.0.of(call);
        let one_more = |calls| (calls < limit.max).then_some(calls + 1);
        match limit.in_progress.fetch_update(Relaxed, Relaxed, one_more) {
            Ok(_) => Ok(()),
            Err(_) => Err(status::too_many_calls(limit.max)),
        }
    }

    /// Called for every call that arrived, and not for those that were refused.
    fn end(&self, call: &mut Call, _state: &mut (), _code: Code) {
        self.0.of(call).in_progress.fetch_sub(1, Relaxed);
    }
}
