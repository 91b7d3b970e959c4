//! Whether an instance is healthy, as it says itself: gRFC A17.

use std::fmt;

use bytes::{Buf as _, Bytes, BytesMut};
use h2::{RecvStream, client::SendRequest};
use http::{Request, Response, StatusCode, Uri, header};
use prost::Message as _;
use tokio::time::{Instant, sleep_until};
use tonic::{Code, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
};

use super::{backoff::Backoff, link::Link};
use crate::settings::{Settings, USER_AGENT};

const PATH: &str = "/grpc.health.v1.Health/Watch";

/// A longer answer is not one of health.
const MAX_MESSAGE: usize = 4 << 10;

/// The flag and the length before each message.
const PREFIX: usize = 5;

/// Why calls do not go there.
pub(super) struct Unhealthy(pub(super) String);

/// Says what the instance answers, and each time that it changes, until this is dropped.
pub(super) async fn watch(
    settings: &Settings,
    link: &Link,
    service: &str,
    mut tell: impl FnMut(Result<(), Unhealthy>),
) {
    let mut backoff = Backoff::new();
    loop {
        let begun = Instant::now();
        let ended = follow(settings, link, service, |is_healthy| {
            backoff.reset();
            tell(is_healthy);
        });
        let why = ended.await;
        if why.code() == Code::Unimplemented {
            tracing::debug!(grpc.target = %settings.name, address = %link.address, "has no health service");
            tell(Ok(()));
            return std::future::pending().await;
        }
        let (code, message) = (carml_grpc::code::name(why.code()), why.message());
        tell(Err(Unhealthy(format!(
            "{}: its health is not known: {code}: {message}",
            link.address
        ))));
        sleep_until(begun + backoff.next()).await;
    }
}

/// One call of `Watch`, and how it ended.
async fn follow(
    settings: &Settings,
    link: &Link,
    service: &str,
    mut tell: impl FnMut(Result<(), Unhealthy>),
) -> Status {
    let answer = match ask(settings, link, service).await {
        Ok(answer) => answer,
        Err(error) => return Status::unavailable(error.to_string()),
    };
    if let Some(status) = Status::from_header_map(answer.headers()) {
        return status;
    }
    if answer.status() != StatusCode::OK {
        return crate::status::of_http(&settings.name, answer.status());
    }
    let mut body = answer.into_body();
    let mut waiting = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = match data {
            Ok(data) => data,
            Err(error) => return Status::unavailable(error.to_string()),
        };
        // Fails if the stream has ended.
        let _ = body.flow_control().release_capacity(data.len());
        waiting.extend_from_slice(&data);
        loop {
            match message(&mut waiting) {
                Ok(None) => break,
                Ok(Some(HealthCheckResponse { status })) => {
                    tell(match ServingStatus::try_from(status) {
                        Ok(ServingStatus::Serving) => Ok(()),
                        Ok(other) => Err(not_serving(link, &other.as_str_name())),
                        Err(_) => Err(not_serving(link, &status)),
                    });
                }
                Err(status) => return status,
            }
        }
    }
    ended(&mut body).await
}

async fn ask(
    settings: &Settings,
    link: &Link,
    service: &str,
) -> Result<Response<RecvStream>, h2::Error> {
    let uri = Uri::builder()
        .scheme(settings.scheme.clone())
        .authority(link.authority.clone())
        .path_and_query(PATH);
    let request = Request::post(uri.build().unwrap_or_default())
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .header(header::USER_AGENT, USER_AGENT);
    let request = request.body(()).unwrap_or_default();
    let service = service.to_owned();
    let message = HealthCheckRequest { service }.encode_to_vec();
    let mut framed = BytesMut::zeroed(PREFIX);
    let size = u32::try_from(message.len()).unwrap_or_default();
    framed[1..PREFIX].copy_from_slice(&size.to_be_bytes());
    framed.extend_from_slice(&message);
    let mut send: SendRequest<Bytes> = link.probe().ready().await?;
    let (answer, mut stream) = send.send_request(request, false)?;
    stream.send_data(framed.freeze(), true)?;
    drop((send, stream));
    answer.await
}

/// The next message, if it is whole.
fn message(waiting: &mut BytesMut) -> Result<Option<HealthCheckResponse>, Status> {
    let Some(mut size) = waiting.get(1..PREFIX) else {
        return Ok(None);
    };
    let size = usize::try_from(size.get_u32()).unwrap_or(usize::MAX);
    if size > MAX_MESSAGE {
        return Err(Status::internal("the answer is too large"));
    }
    if waiting.len() < PREFIX + size {
        return Ok(None);
    }
    let message = waiting.split_to(PREFIX + size).split_off(PREFIX);
    HealthCheckResponse::decode(message)
        .map(Some)
        .map_err(|error| Status::internal(error.to_string()))
}

async fn ended(body: &mut RecvStream) -> Status {
    match body.trailers().await {
        Ok(trailers) => Status::from_header_map(&trailers.unwrap_or_default())
            .unwrap_or_else(|| Status::unknown("the answer ended without a status")),
        Err(error) => Status::unavailable(error.to_string()),
    }
}

fn not_serving(link: &Link, status: &dyn fmt::Display) -> Unhealthy {
    Unhealthy(format!("{}: it says that it is {status}", link.address))
}
