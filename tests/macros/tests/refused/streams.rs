use std::pin::Pin;

use carml_runtime::carml_service;
use carml_test_macros::{Greeter, GreeterServer, Name};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;

struct Concrete;

#[carml_service]
impl Greeter for Concrete {
    async fn greet(&self, name: Name) -> Result<Name, Status> {
        Ok(name)
    }

    async fn follow(&self, _name: Name) -> Result<ReceiverStream<Result<Name, Status>>, Status> {
        Ok(ReceiverStream::new(tokio::sync::mpsc::channel(1).1))
    }
}

struct Boxed;

#[carml_service]
impl Greeter for Boxed {
    async fn greet(&self, name: Name) -> Result<Name, Status> {
        Ok(name)
    }

    async fn follow(
        &self,
        _name: Name,
    ) -> Result<Pin<Box<dyn Stream<Item = Result<Name, Status>> + Send>>, Status> {
        Ok(Box::pin(tokio_stream::empty()))
    }
}

struct Borrowing(Vec<Name>);

#[carml_service]
impl Greeter for Borrowing {
    async fn greet(&self, name: Name) -> Result<Name, Status> {
        Ok(name)
    }

    async fn follow(
        &self,
        _name: Name,
    ) -> Result<impl Stream<Item = Result<Name, Status>> + Send + '_, Status> {
        Ok(tokio_stream::iter(self.0.iter().cloned().map(Ok)))
    }
}

fn main() {}
