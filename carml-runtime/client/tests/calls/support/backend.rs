//! A CarML server, whose handler does what the request says.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use carml_config::model::GrpcServer;
use carml_grpc::server::{Listener, Running, Server};
use tokio::sync::watch;
use tokio_stream::{Stream, StreamExt as _, wrappers::WatchStream};
use tonic::{Code, Request, Response, Status, metadata::MetadataMap};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_server::{Health, HealthServer},
};

/// A server. Requests are words: `sleep:MS`, `fail:CODE`, `fail_times:N:CODE:KEY`, `fail_before:N`
/// attempts, `fail_pushback:CODE:MS`, `fail_after_head:CODE`, `fail_after_message:CODE`, `stream:N`.
/// `Watch` without words says whether it is healthy, and is not counted as a call.
pub(crate) struct Backend {
    pub(crate) address: String,
    pub(crate) state: Arc<State>,
    running: Running,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) calls: AtomicUsize,
    pub(crate) in_progress: AtomicUsize,
    pub(crate) most: AtomicUsize,
    pub(crate) cancelled: AtomicUsize,
    pub(crate) metadata: Mutex<Vec<MetadataMap>>,
    failures: Mutex<HashMap<String, usize>>,
    is_ill: watch::Sender<bool>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    pub(crate) async fn start_at(address: &str) -> Self {
        Self::start_with(address, &GrpcServer::default()).await
    }

    pub(crate) async fn start_with(address: &str, config: &GrpcServer) -> Self {
        let listener = Listener::bind(address).await.expect("a free address");
        let address = listener.address().expect("an address").to_string();
        let state = Arc::new(State::default());
        let service = HealthServer::new(Words(Arc::clone(&state)));
        let running = Server::new(config).start(listener, service);
        Self {
            address,
            state,
            running,
        }
    }

    /// What it says of its health.
    pub(crate) fn set_ill(&self, is_ill: bool) {
        self.state.is_ill.send_replace(is_ill);
    }

    pub(crate) fn calls(&self) -> usize {
        self.state.calls.load(SeqCst)
    }

    /// As on SIGTERM: calls in progress end, no more are taken.
    pub(crate) async fn drain(self) {
        self.running.drain();
        self.running.ended().await;
    }

    /// As on SIGKILL.
    pub(crate) async fn kill(self) {
        self.running.cut().await;
    }
}

struct Words(Arc<State>);

/// Counts a call until its end.
struct Call {
    state: Arc<State>,
    has_ended: bool,
}

impl Call {
    fn begin(state: &Arc<State>) -> Self {
        state.calls.fetch_add(1, SeqCst);
        let now = state.in_progress.fetch_add(1, SeqCst) + 1;
        state.most.fetch_max(now, SeqCst);
        Self {
            state: Arc::clone(state),
            has_ended: false,
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.state.in_progress.fetch_sub(1, SeqCst);
        if !self.has_ended {
            self.state.cancelled.fetch_add(1, SeqCst);
        }
    }
}

impl Words {
    async fn run(&self, text: &str, metadata: &MetadataMap) -> Result<(), Status> {
        let mut words = text.split(':');
        let word = words.next().unwrap_or_default();
        let mut number = || words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        match word {
            "sleep" => tokio::time::sleep(Duration::from_millis(number())).await,
            "fail" => return Err(Status::new(Code::from(number() as i32), "as asked")),
            "fail_times" => {
                let (times, code) = (number(), number() as i32);
                let mut failures = self.0.failures.lock().expect("failures");
                let failed = failures.entry(text.to_owned()).or_default();
                if *failed < times as usize {
                    *failed += 1;
                    return Err(Status::new(Code::from(code), "as asked"));
                }
            }
            "fail_before" => {
                let before = metadata.get("grpc-previous-rpc-attempts");
                let before = before.and_then(|before| before.to_str().ok()?.parse().ok());
                if before.unwrap_or(0) < number() {
                    return Err(Status::unavailable("as asked"));
                }
            }
            "fail_pushback" => {
                let mut status = Status::new(Code::from(number() as i32), "as asked");
                let value = text.rsplit(':').next().unwrap_or_default();
                let value = value.parse().expect("metadata");
                status
                    .metadata_mut()
                    .insert("grpc-retry-pushback-ms", value);
                return Err(status);
            }
            _ => {}
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl Health for Words {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let mut call = Call::begin(&self.0);
        let metadata = request.metadata().clone();
        self.0.metadata.lock().expect("metadata").push(metadata);
        let ended = self
            .run(&request.get_ref().service, request.metadata())
            .await;
        call.has_ended = true;
        ended?;
        Ok(Response::new(HealthCheckResponse { status: 1 }))
    }

    type WatchStream =
        Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send + 'static>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        if request.get_ref().service.is_empty() {
            let ill = WatchStream::new(self.0.is_ill.subscribe());
            let answers = ill.map(|is_ill| {
                let status = if is_ill { 2 } else { 1 };
                Ok(HealthCheckResponse { status })
            });
            return Ok(Response::new(Box::pin(answers)));
        }
        let mut call = Call::begin(&self.0);
        call.has_ended = true;
        let (word, number) = request
            .get_ref()
            .service
            .split_once(':')
            .unwrap_or_default();
        let number: usize = number.parse().unwrap_or(0);
        let failure = Status::new(Code::from(number as i32), "as asked");
        if word == "fail" {
            return Err(failure);
        }
        if word == "fail_after_head" || word == "fail_after_message" {
            let message = Ok(HealthCheckResponse { status: 1 });
            let before = (word == "fail_after_message").then_some(message);
            let messages = futures_util::stream::iter(before.into_iter().chain([Err(failure)]));
            return Ok(Response::new(Box::pin(messages)));
        }
        let count = number;
        let messages = futures_util::stream::unfold((0, call), move |(sent, call)| async move {
            if sent == count {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
            Some((Ok(HealthCheckResponse { status: 1 }), (sent + 1, call)))
        });
        Ok(Response::new(Box::pin(messages)))
    }
}
