//! `rate_limit`: refuses calls that come faster than a rate.

mod bucket;
mod clients;
mod rate;

use std::time::{Duration, Instant};

use http::Request;
use tonic::{Status, body::Body};

use carml_config::model::{self, RateLimitKey};

use super::{Call, MethodOptions, Middleware, Place, Refusal};
use crate::status;
use bucket::{Bucket, Shape};
use clients::{Client, Clients};

/// A call over the rate is not queued: see `concurrency_limit`.
#[derive(Debug)]
pub(crate) struct RateLimit {
    started: Instant,
    limits: MethodOptions<Limit>,
    clients: Clients,
    key: RateLimitKey,
}

/// How fast the calls of some methods may come.
#[derive(Debug)]
struct Limit {
    /// Tells those of one middleware apart.
    number: usize,
    /// Absent if the rate cannot be read, which the check of a config refuses: no call passes.
    shape: Option<Shape>,
    /// For calls that all count together.
    bucket: Bucket,
}

impl Limit {
    fn new(number: usize, rate: &str, burst: Option<u64>) -> Self {
        let rate = rate::parse(rate);
        Self {
            number,
            shape: rate.map(|(calls, per)| Shape::new(calls, per, burst)),
            bucket: Bucket::default(),
        }
    }
}

impl Middleware for RateLimit {
    type Options = model::RateLimit;
    type State = ();

    fn build(options: &model::RateLimit, place: &Place) -> Result<Self, Refusal> {
        if options.key == RateLimitKey::Identity && !place.is_inside("auth") {
            return Err(Refusal {
                pointer: "/key".to_owned(),
                message: "`identity` is who `auth` says a call is from: put `auth` before \
                          `rate_limit`, or choose `peer`"
                    .to_owned(),
            });
        }
        let entries = options.methods.iter().enumerate().map(|(n, entry)| {
            let limit = Limit::new(n + 1, &entry.rate, entry.burst);
            (&entry.name[..], limit)
        });
        let default = Limit::new(0, &options.rate, options.burst);
        Ok(Self {
            started: Instant::now(),
            limits: MethodOptions::new(default, entries, place)?,
            clients: Clients::default(),
            key: options.key,
        })
    }

    fn arrive(
        &self,
        call: &mut Call,
        _state: &mut (),
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        let limit = self.limits.of(call);
        let Some(shape) = &limit.shape else {
            return Err(status::too_fast(Duration::MAX));
        };
        let now = call.started.saturating_duration_since(self.started);
        let client = match self.key {
            RateLimitKey::All => None,
            RateLimitKey::Peer => Some(Client::of_peer(call)),
            RateLimitKey::Identity => Some(Client::of_identity(call, request.extensions())),
        };
        let taken = match client {
            None => limit.bucket.take(shape, now),
            Some(client) => self.clients.bucket(limit.number, client).take(shape, now),
        };
        taken.map_err(status::too_fast)
    }
}
