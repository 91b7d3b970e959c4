use carml_runtime::carml_service;

#[carml_service(require(get))]
struct Service;

fn main() {}
