//! `metrics`: counts calls, and measures how long they take.

mod calls;
mod client;

use std::sync::Arc;

use http::Request;
use tonic::{Code, Status, body::Body};

use carml_config::model;

use super::{Call, Middleware, Place, Refusal, selection::Selection};
pub use calls::{Calls, MethodCalls};
pub(crate) use client::ClientCalls;
use client::{Series, TargetCalls};

#[derive(Debug)]
pub(crate) struct Metrics {
    calls: Counted,
    exclude: Selection,
}

/// Whose calls are counted.
#[derive(Debug)]
enum Counted {
    Served(Arc<Calls>),
    Made(Arc<TargetCalls>),
}

impl Middleware for Metrics {
    type Options = model::Metrics;
    /// Those of the method, of a call that is made.
    type State = Option<Arc<Series>>;

    fn build(options: &model::Metrics, place: &Place) -> Result<Self, Refusal> {
        let exclude = Selection::new("exclude", &options.exclude, place)?;
        let calls = match &place.client {
            Some(calls) => Counted::Made(calls.of_target(place)),
            None => {
                let calls = Arc::new(Calls::new(place.methods.clone()));
                let source = Arc::clone(&calls);
                place.metrics.register(move |out: &mut _| source.write(out));
                let _ = place.calls.set(Arc::clone(&calls));
                Counted::Served(calls)
            }
        };
        Ok(Self { calls, exclude })
    }

    fn arrive(
        &self,
        call: &mut Call,
        state: &mut Self::State,
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        if self.exclude.has(call) {
            return Ok(());
        }
        match &self.calls {
            Counted::Served(calls) => calls.started(call),
            Counted::Made(calls) => *state = Some(calls.of_method(call.method())),
        }
        Ok(())
    }

    fn end(&self, call: &mut Call, state: &mut Self::State, code: Code) {
        match &self.calls {
            Counted::Served(calls) if !self.exclude.has(call) => calls.ended(call, code),
            Counted::Made(_) => {
                if let Some(series) = state {
                    series.ended(call, code);
                }
            }
            Counted::Served(_) => {}
        }
    }
}
