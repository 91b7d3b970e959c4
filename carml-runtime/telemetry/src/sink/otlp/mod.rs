//! The tracer's provider `otlp`: OpenTelemetry's own protocol, as protobuf over HTTP.

mod messages;
mod span;

use std::time::Duration;

use bytes::Bytes;
use carml_config::{Config, model};
use http::StatusCode;
use prost::Message as _;

use self::messages::{Answer, Request, Resource, ResourceSpans, Scope, ScopeSpans};
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
const PORT: u16 = 4318;

/// The largest request.
const MAX_SPANS: usize = 512;

/// Sends finished spans to a collector.
pub(super) struct Otlp {
    client: Client,
    resource: Resource,
}

impl Otlp {
    pub(super) fn new(config: &Config) -> Result<Self, Error> {
        let settings: &model::Tracer = &config.tracer;
        Ok(Self {
            client: Client::new(Self::NAME, &settings.endpoints, PORT, None, None)?,
            resource: resource(config),
        })
    }

    fn request<'a>(&self, spans: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        let scope = Scope {
            name: "carml".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let request = Request {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![ScopeSpans {
                    scope: Some(scope),
                    spans: spans.map(Bytes::copy_from_slice).collect(),
                }],
            }],
        };
        request.encode_to_vec()
    }
}

/// Encodes a span for [`Otlp`].
pub(super) fn encode() -> Encode {
    Box::new(span::write)
}

/// Who sends: OpenTelemetry's names.
fn resource(config: &Config) -> Resource {
    let text = |name: &str, value: &str| messages::attribute(name, value.to_owned().into());
    let mut attributes = vec![
        text("service.name", &crate::app_name(&config.app)),
        text("host.name", &super::host_name()),
        messages::attribute("process.pid", i64::from(std::process::id()).into()),
        text("telemetry.sdk.name", "opentelemetry"),
        text("telemetry.sdk.language", "rust"),
    ];
    let version = config.app.version.as_deref();
    attributes.extend(version.map(|version| text("service.version", version)));
    Resource { attributes }
}

impl Sink for Otlp {
    const NAME: &'static str = "the tracer's provider `otlp`";
    const LINGER: Duration = Duration::from_secs(1);

    async fn send(&mut self, batch: &mut Batch, refused: &mut Refused) -> Result<(), Failure> {
        while !batch.is_empty() {
            let count = batch.len().min(MAX_SPANS);
            let body = self.request(batch.lines().take(count));
            let answer = self
                .client
                .post("/v1/traces", "application/x-protobuf", &body)
                .await;
            let (status, answer) = answer.map_err(Failure::new)?;
            if is_temporary(status) {
                return Err(Failure::new(format!("{status}: {}", excerpt(&answer))));
            }
            batch.remove_first(count);
            if !status.is_success() {
                refused.add(count, || format!("{status}: {}", excerpt(&answer)));
                continue;
            }
            // A collector may accept a part. An answer of another kind says nothing of that.
            let partial = Answer::decode(answer)
                .ok()
                .and_then(|it| it.partial_success);
            let rejected = partial.as_ref().map_or(0, |partial| partial.rejected_spans);
            if let (Some(partial), Ok(rejected @ 1..)) = (partial, usize::try_from(rejected)) {
                refused.add(rejected.min(count), || partial.error_message);
            }
        }
        Ok(())
    }
}

/// The statuses after which the protocol has requests sent again.
fn is_temporary(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}
