//! The tracer's provider `zipkin`.

mod span;

use std::time::Duration;

use carml_config::{Config, model};

use super::{
    run::{Failure, Refused, Sink},
    spans::Encode,
};
use crate::{
    Error,
    http::{Client, excerpt},
    queue::Batch,
};

/// The port of a collector.
const PORT: u16 = 9411;

/// The largest request.
const MAX_SPANS: usize = 512;

/// Sends finished spans to a collector.
pub(super) struct Zipkin(Client);

impl Zipkin {
    pub(super) fn new(settings: &model::Tracer) -> Result<Self, Error> {
        Client::new(Self::NAME, &settings.endpoints, PORT, None, None).map(Self)
    }
}

/// Encodes a span of this service for [`Zipkin`].
pub(super) fn encode(config: &Config) -> Encode {
    let service = crate::app_name(&config.app).to_lowercase();
    Box::new(move |out, span| span::write(out, &service, span))
}

impl Sink for Zipkin {
    const NAME: &'static str = "the tracer's provider `zipkin`";
    const LINGER: Duration = Duration::from_secs(1);

    async fn send(&mut self, batch: &mut Batch, refused: &mut Refused) -> Result<(), Failure> {
        while !batch.is_empty() {
            let mut body = vec![b'['];
            let mut count = 0;
            for span in batch.lines().take(MAX_SPANS) {
                if count > 0 {
                    body.push(b',');
                }
                body.extend_from_slice(span);
                count += 1;
            }
            body.push(b']');
            let answer = self
                .0
                .post("/api/v2/spans", "application/json", &body)
                .await;
            let (status, answer) = answer.map_err(Failure::new)?;
            let reason = || format!("{status}: {}", excerpt(&answer));
            if status.is_server_error() || status.as_u16() == 429 {
                return Err(Failure::new(reason()));
            }
            batch.remove_first(count);
            if !status.is_success() {
                refused.add(count, reason);
            }
        }
        Ok(())
    }
}
