//! `metrics`: counts calls, and measures how long they take.

mod calls;

use std::sync::Arc;

use http::Request;
use tonic::{Code, Status, body::Body};

use carml_config::model;

use super::{Call, Middleware, Place, Refusal, selection::Selection};
pub use calls::{Calls, MethodCalls};

#[derive(Debug)]
pub(crate) struct Metrics {
    calls: Arc<Calls>,
    exclude: Selection,
}

impl Middleware for Metrics {
    type Options = model::Metrics;
    type State = ();

    fn build(options: &model::Metrics, place: &Place) -> Result<Self, Refusal> {
        let exclude = Selection::new("exclude", &options.exclude, place)?;
        let calls = Arc::new(Calls::new(place.methods.clone()));
        let source = Arc::clone(&calls);
        place.metrics.register(move |out: &mut _| source.write(out));
        let _ = place.calls.set(Arc::clone(&calls));
        Ok(Self { calls, exclude })
    }

    fn arrive(
        &self,
        call: &mut Call,
        _state: &mut (),
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        if !self.exclude.has(call) {
            self.calls.started(call);
        }
        Ok(())
    }

    fn end(&self, call: &mut Call, _state: &mut (), code: Code) {
        if !self.exclude.has(call) {
            self.calls.ended(call, code);
        }
    }
}
