//! An instance: a CarML server that answers with what it receives.

use std::{pin::Pin, time::Duration};

use carml_bench_chain::proto::carml::bench::v1::{Echo, EchoServer, Line, RepeatRequest};
use carml_runtime::{
    config::model::GrpcServer,
    grpc::server::{Listener, Server},
};
use futures_util::Stream;
use tonic::{Response, Status};

use crate::process;

struct Parrot(Duration);

#[tonic::async_trait]
impl Echo for Parrot {
    async fn say(&self, request: tonic::Request<Line>) -> Result<Response<Line>, Status> {
        if !self.0.is_zero() {
            tokio::time::sleep(self.0).await;
        }
        Ok(Response::new(request.into_inner()))
    }

    type RepeatStream = Pin<Box<dyn Stream<Item = Result<Line, Status>> + Send>>;

    async fn repeat(
        &self,
        _request: tonic::Request<RepeatRequest>,
    ) -> Result<Response<Self::RepeatStream>, Status> {
        Err(Status::unimplemented("this benchmark has no streams"))
    }
}

/// Serves until its standard input ends. The first line on standard error is its address.
pub(crate) async fn serve(address: &str, delay_ms: u64) {
    let parrot = Parrot(Duration::from_millis(delay_ms));
    let listener = loop {
        // The address of an instance that was killed is free again in a moment.
        match Listener::bind(address).await {
            Ok(listener) => break listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let address = listener.address().unwrap().to_string();
    let _running = Server::new(&GrpcServer::default()).start(listener, EchoServer::new(parrot));
    eprintln!("{address}");
    process::until_told().await;
}
