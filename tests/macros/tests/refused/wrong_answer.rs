use carml_runtime::carml_service;
use carml_test_macros::{Greeter, GreeterServer, Name};
use tokio_stream::Stream;
use tonic::Status;

/// An error of the service's own.
#[derive(Debug)]
struct Failure;

struct Service;

#[carml_service]
impl Greeter for Service {
    async fn greet(&self, name: Name) -> Result<Name, Failure> {
        Ok(name)
    }

    async fn follow(
        &self,
        _name: Name,
    ) -> Result<impl Stream<Item = Result<Name, Status>> + Send + use<>, Status> {
        Ok(tokio_stream::empty())
    }
}

struct OtherMessage;

#[carml_service]
impl Greeter for OtherMessage {
    async fn greet(&self, name: Name) -> Result<String, Status> {
        Ok(name.name)
    }

    async fn follow(
        &self,
        _name: Name,
    ) -> Result<impl Stream<Item = Result<Name, Status>> + Send + use<>, Status> {
        Ok(tokio_stream::empty())
    }
}

fn main() {}
