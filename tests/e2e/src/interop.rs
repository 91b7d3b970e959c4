//! The interoperability service of gRPC, as far as its compression cases go.

use carml_runtime::{carml_service, grpc::MessageCompression};
use futures_core::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::proto::grpc::testing::{
    BoolValue, Payload, SimpleRequest, SimpleResponse, StreamingInputCallRequest,
    StreamingInputCallResponse, StreamingOutputCallRequest, StreamingOutputCallResponse,
    TestService, TestServiceServer,
};

/// Answers as the descriptions of the cases ask for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Interop;

/// The compression of a call's messages.
fn compression<T>(request: &Request<T>) -> Result<MessageCompression, Status> {
    let compression = request.extensions().get::<MessageCompression>().cloned();
    compression.ok_or_else(|| Status::internal("the chain has no `compression`"))
}

/// Fails if a message did not come as it says.
fn check(
    compression: &MessageCompression,
    message: usize,
    expected: Option<&BoolValue>,
) -> Result<(), Status> {
    let was_compressed = compression.was_compressed(message).unwrap_or(false);
    match expected {
        Some(expected) if expected.value != was_compressed => Err(Status::invalid_argument(
            "the message is not compressed as it says",
        )),
        _ => Ok(()),
    }
}

fn payload(size: i32) -> Option<Payload> {
    let body = vec![0; usize::try_from(size).unwrap_or_default()];
    Some(Payload { body })
}

#[carml_service]
impl TestService for Interop {
    async fn unary_call(
        &self,
        request: Request<SimpleRequest>,
    ) -> Result<Response<SimpleResponse>, Status> {
        let compression = compression(&request)?;
        let request = request.into_inner();
        check(&compression, 0, request.expect_compressed.as_ref())?;
        if !request
            .response_compressed
            .is_some_and(|wanted| wanted.value)
        {
            compression.leave(0);
        }
        let payload = payload(request.response_size);
        Ok(Response::new(SimpleResponse { payload }))
    }

    async fn streaming_output_call(
        &self,
        request: Request<StreamingOutputCallRequest>,
    ) -> Result<
        Response<impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send + use<>>,
        Status,
    > {
        let compression = compression(&request)?;
        let parameters = request.into_inner().response_parameters;
        for (n, each) in parameters.iter().enumerate() {
            if !each.compressed.is_some_and(|wanted| wanted.value) {
                compression.leave(n);
            }
        }
        let answers = parameters.into_iter().map(|each| {
            Ok(StreamingOutputCallResponse {
                payload: payload(each.size),
            })
        });
        Ok(Response::new(tokio_stream::iter(answers)))
    }

    async fn streaming_input_call(
        &self,
        request: Request<Streaming<StreamingInputCallRequest>>,
    ) -> Result<Response<StreamingInputCallResponse>, Status> {
        let compression = compression(&request)?;
        let mut messages = request.into_inner();
        let (mut size, mut n) = (0, 0);
        while let Some(message) = messages.message().await? {
            check(&compression, n, message.expect_compressed.as_ref())?;
            size += message.payload.map_or(0, |payload| payload.body.len());
            n += 1;
        }
        let aggregated_payload_size = i32::try_from(size).unwrap_or(i32::MAX);
        Ok(Response::new(StreamingInputCallResponse {
            aggregated_payload_size,
        }))
    }
}
