//! `circuit_breaker`: ends calls without a connection while most of their kind fail.

mod window;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::Request;
use tonic::{Code, Status, body::Body};

use carml_config::model;

use super::{Call, Middleware, Place, Refusal};
use crate::{ByMethod, status};
use window::Window;

#[derive(Debug)]
pub(crate) struct CircuitBreaker {
    target: String,
    k: f64,
    window: Duration,
    min_calls: u64,
    methods: ByMethod<Mutex<Window>>,
}

impl Middleware for CircuitBreaker {
    type Options = model::CircuitBreaker;
    /// Those of the call's method.
    type State = Option<Arc<Mutex<Window>>>;

    fn build(options: &model::CircuitBreaker, place: &Place) -> Result<Self, Refusal> {
        if options.window.is_zero() {
            return Err(Refusal {
                pointer: "/window".to_owned(),
                message: "a window of no time has no calls: write a time such as `10s`".to_owned(),
            });
        }
        Ok(Self {
            target: place
                .target()
                .map_or_else(String::new, |target| target.name.clone()),
            k: options.k,
            window: options.window.get(),
            min_calls: options.min_calls,
            methods: ByMethod::default(),
        })
    }

    fn arrive(
        &self,
        call: &mut Call,
        state: &mut Self::State,
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let calls = self.methods.of(call.method());
        let refusal = {
            let mut window = calls.lock().unwrap_or_else(PoisonError::into_inner);
            let (all, accepted) = window.begin(Instant::now(), self.window);
            refusal(all, accepted, self.k, self.min_calls)
        };
        if refusal > 0.0 && rand::random_range(0.0..1.0) < refusal {
            return Err(status::circuit_open(&self.target, call.method()));
        }
        *state = Some(calls);
        Ok(())
    }

    fn end(&self, _call: &mut Call, state: &mut Self::State, code: Code) {
        if let Some(calls) = state.take().filter(|_| !is_failure(code)) {
            let mut window = calls.lock().unwrap_or_else(PoisonError::into_inner);
            window.accept(Instant::now(), self.window);
        }
    }
}

/// The probability with which a call is refused, of the SRE book's chapter on overload. `all`:
/// those before it.
fn refusal(all: u64, accepted: u64, k: f64, min_calls: u64) -> f64 {
    if all < min_calls {
        return 0.0;
    }
    let refused = (all as f64 - k * accepted as f64) / (all as f64 + 1.0);
    refused.max(0.0)
}

/// Whether the server did not do its work. Other codes are answers to the request.
fn is_failure(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Internal
            | Code::Unknown
            | Code::DataLoss
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_refused_as_far_as_too_few_are_accepted() {
        assert!(
            (refusal(19, 0, 2.0, 20) - 0.0).abs() < 1e-9,
            "too few calls"
        );
        assert!(
            (refusal(20, 10, 2.0, 20) - 0.0).abs() < 1e-9,
            "half are accepted"
        );
        assert!((refusal(99, 0, 2.0, 20) - 0.99).abs() < 1e-9);
        assert!((refusal(99, 25, 2.0, 20) - 0.49).abs() < 1e-9);
        assert!((refusal(99, 25, 3.0, 20) - 0.24).abs() < 1e-9);
    }
}
