use carml_runtime::carml_service;
use carml_test_macros::{Greeter, GreeterServer, Name};
use tonic::Status;

struct Service;

#[carml_service]
impl Greeter for Service {
    async fn greet(&self, name: Name) -> Result<Name, Status> {
        Ok(name)
    }

    async fn folow(&self, name: Name) -> Result<Name, Status> {
        Ok(name)
    }
}

fn main() {}
