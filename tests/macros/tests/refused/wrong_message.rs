use carml_runtime::carml_service;
use carml_test_macros::{Greeter, GreeterServer, Name};
use tokio_stream::Stream;
use tonic::Status;

struct Service;

#[carml_service]
impl Greeter for Service {
    async fn greet(&self, name: String) -> Result<Name, Status> {
        Ok(Name { name })
    }

    async fn follow(
        &self,
        _name: Name,
    ) -> Result<impl Stream<Item = Result<Name, Status>> + Send + use<>, Status> {
        Ok(tokio_stream::empty())
    }
}

fn main() {}
