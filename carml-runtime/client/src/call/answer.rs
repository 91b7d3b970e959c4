//! The body of an answer.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use carml_grpc::code;
use h2::RecvStream;
use http::HeaderMap;
use http_body::Frame;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Code, Status};

use super::throttle::Throttle;
use crate::{connection::Lease, counters::Attempt, settings::Settings, status};

/// The body of an answer, which holds its stream until its end.
pub(super) struct Answer {
    stream: RecvStream,
    settings: Arc<Settings>,
    throttle: Option<Arc<Throttle>>,
    /// The rest of the request.
    sending: Option<AbortOnDropHandle<()>>,
    /// None when the answer has ended.
    lease: Option<Lease>,
    meter: Attempt,
    is_data_done: bool,
}

impl Answer {
    pub(super) fn new(
        stream: RecvStream,
        settings: Arc<Settings>,
        throttle: Option<Arc<Throttle>>,
        sending: Option<AbortOnDropHandle<()>>,
        lease: Lease,
        meter: Attempt,
    ) -> Self {
        Self {
            stream,
            settings,
            throttle,
            sending,
            lease: Some(lease),
            meter,
            is_data_done: false,
        }
    }

    /// The end of the answer.
    fn end(&mut self, trailers: HeaderMap) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let code = code::of(&trailers).unwrap_or(Code::Unknown);
        self.meter.end(code);
        if let (Some(throttle), Code::Ok) = (&self.throttle, code) {
            throttle.success();
        }
        self.sending = None;
        self.lease = None;
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn fail(&mut self, status: &Status) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut trailers = HeaderMap::new();
        // Fails for metadata that is not a header; these have none.
        let _ = status.add_header(&mut trailers);
        self.end(trailers)
    }

    fn lost(&mut self, error: &h2::Error) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let name = &self.settings.name;
        let address = self
            .lease
            .as_ref()
            .map(|lease| lease.link().address.to_string());
        let status = status::of_h2(name, &address.unwrap_or_default(), error);
        self.fail(&status)
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.lease.is_none() {
            return Poll::Ready(None);
        }
        while !this.is_data_done {
            match ready!(this.stream.poll_data(cx)) {
                Some(Ok(data)) => {
                    // Fails if the stream has ended.
                    let _ = this.stream.flow_control().release_capacity(data.len());
                    if !data.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                }
                Some(Err(error)) => return this.lost(&error),
                None => this.is_data_done = true,
            }
        }
        match ready!(this.stream.poll_trailers(cx)) {
            Ok(Some(trailers)) if trailers.contains_key(Status::GRPC_STATUS) => this.end(trailers),
            Ok(_) => this.fail(&status::no_status(&this.settings.name)),
            Err(error) => this.lost(&error),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.lease.is_none()
    }
}
