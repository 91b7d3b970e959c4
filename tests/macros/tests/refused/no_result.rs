use carml_runtime::carml_service;
use carml_test_macros::{Greeter, GreeterServer, Name};
use tokio_stream::Stream;
use tonic::Status;

struct Service;

type Answer<T> = Result<T, Status>;

#[carml_service]
impl Greeter for Service {
    async fn greet(&self, name: Name) -> Answer<Name> {
        Ok(name)
    }

    async fn follow(&self, _name: Name) -> impl Stream<Item = Result<Name, Status>> + Send {
        tokio_stream::empty()
    }
}

struct Nothing;

#[carml_service]
impl Greeter for Nothing {
    async fn greet(&self, name: Name) {
        drop(name);
    }

    async fn follow(&self, name: Name) -> Name {
        name
    }
}

fn main() {}
