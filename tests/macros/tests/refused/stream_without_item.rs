use carml_runtime::carml_service;
use carml_test_macros::{Greeter, GreeterServer, Name};
use tokio_stream::Stream;
use tonic::Status;

struct Service;

#[carml_service]
impl Greeter for Service {
    async fn greet(&self, name: Name) -> Result<Name, Status> {
        Ok(name)
    }

    async fn follow(&self, _name: Name) -> Result<impl Stream, Status> {
        Ok(tokio_stream::empty::<Result<Name, Status>>())
    }
}

fn main() {}
