use carml_runtime::carml_service;
use carml_test_macros::{Greeter, Name};
use tonic::Status;

struct Service;

#[carml_service(requires(gett), require(put), requires = "put")]
impl Greeter for Service {
    async fn greet<N>(&self, name: Name) -> Result<Name, Status> {
        Ok(name)
    }

    fn helper(&self) -> u32 {
        3
    }
}

fn main() {}
