use carml_runtime::carml_service;
use carml_test_macros::{Greeter, GreeterServer, Name};
use tonic::Status;

struct Service;

#[carml_service(requires(lok, watch: planet, get, get))]
impl Greeter for Service {
    fn greet(&self, name: Name) -> Result<Name, Status> {
        Ok(name)
    }

    async fn follow(&mut self, name: Name, more: Name) -> Name {
        name
    }
}

fn main() {}
