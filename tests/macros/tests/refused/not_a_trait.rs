use carml_runtime::carml_service;

struct Service;

#[carml_service]
impl Service {
    async fn greet(&self) {}
}

fn main() {}
