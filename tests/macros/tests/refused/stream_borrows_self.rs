use carml_runtime::carml_service;
use carml_test_macros::{Greeter, GreeterServer, Name};
use tokio_stream::Stream;
use tonic::Status;

struct Service(Vec<Name>);

#[carml_service]
impl Greeter for Service {
    async fn greet(&self, name: Name) -> Result<Name, Status> {
        Ok(name)
    }

    async fn follow(
        &self,
        _name: Name,
    ) -> Result<impl Stream<Item = Result<Name, Status>> + Send, Status> {
        Ok(tokio_stream::iter(self.0.iter().cloned().map(Ok)))
    }
}

fn main() {}
