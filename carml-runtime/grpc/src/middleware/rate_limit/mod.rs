//! `rate_limit`: refuses calls that come faster than a rate.

mod bucket;
mod peers;
mod rate;

use std::time::{Duration, Instant};

use http::Request;
use tonic::{Status, body::Body};

use carml_config::model;

use super::{Call, Middleware, Place, Refusal};
use crate::status;
use bucket::{Bucket, Shape};
use peers::Peers;

/// A call over the rate is not queued: see `concurrency_limit`.
#[derive(Debug)]
pub(crate) struct RateLimit {
    /// Absent if the rate cannot be read, which the check of a config refuses: no call passes.
    shape: Option<Shape>,
    started: Instant,
    calls: Calls,
}

/// Whose calls count together.
#[derive(Debug)]
enum Calls {
    All(Bucket),
    OfPeer(Peers),
}

impl Middleware for RateLimit {
    type Options = model::RateLimit;
    type State = ();

    fn build(options: &model::RateLimit, _place: &Place) -> Result<Self, Refusal> {
        let rate = rate::parse(&options.rate);
        Ok(Self {
            shape: rate.map(|(calls, per)| Shape::new(calls, per, options.burst)),
            started: Instant::now(),
            calls: match options.key {
                model::RateLimitKey::All => Calls::All(Bucket::default()),
                model::RateLimitKey::Peer => Calls::OfPeer(Peers::default()),
            },
        })
    }

    fn arrive(
        &self,
        call: &mut Call,
        _state: &mut (),
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let Some(shape) = &self.shape else {
            return Err(status::too_fast(Duration::MAX));
        };
        let now = call.started.saturating_duration_since(self.started);
        let taken = match &self.calls {
            Calls::All(bucket) => bucket.take(shape, now),
            Calls::OfPeer(peers) => {
                let bucket = peers.bucket(call.peer.map(|peer| peer.ip()));
                bucket.take(shape, now)
            }
        };
        taken.map_err(status::too_fast)
    }
}
